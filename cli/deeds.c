/* deeds.c: see deeds.h. */
#include "cli/deeds.h"

#include <stdio.h>
#include <string.h>

#include "cli/visible.h"
#include "client/people.h"

enum { PATIENCE_S = 60 };

struct doing {
    struct account account;
    const struct deed *deed;
    struct jid jid;
    struct str bare, argument;
    bool decided;
};

static const char kept[] = "it is kept and goes out with the next command that connects";

/* ---- What came of somebody ------------------------------------------------------------------------- */

static const struct {
    const char *state, *words; /* NULL: other devices' doings need no words */
} changes[] = {
    [CONTACT_ASKS] = { "asks", "asks to see when you are there: sotto contacts accept, or refuse" },
    [CONTACT_ADDED] = { "added", NULL },
    [CONTACT_RENAMED] = { "renamed", NULL },
    [CONTACT_REMOVED] = { "removed", NULL },
    [CONTACT_GRANTED] = { "granted", "lets you see when they are there" },
    [CONTACT_REFUSED] = { "refused", "does not let you see when they are there" },
    [CONTACT_BLOCKED] = { "blocked", NULL },
    [CONTACT_UNBLOCKED] = { "unblocked", NULL },
    [CONTACT_FAILED] = { "failed", "refused by the server" },
};

void deed_tell(const struct program *p, const struct engine_event *e)
{
    const char *member = e->change == CONTACT_FAILED ? "reason" : "name";
    struct arena a = { 0 };
    struct str jid = visible_line(&a, e->entry.author), text = visible_line(&a, e->text);

    if (p->json)
        program_tell(p, json_pack("{s:s,s:o,s:s,s:o}", "event", "contact", "jid",
                                  json_of(e->entry.author), "state", changes[e->change].state,
                                  member, json_of(e->text)));
    else if (changes[e->change].words != NULL)
        fprintf(p->out, "%.*s %s%s%.*s\n", STR_ARG(jid), changes[e->change].words,
                e->change == CONTACT_FAILED ? ": " : "",
                STR_ARG(e->change == CONTACT_FAILED ? text : STR_NONE));
    fflush(p->out);
    arena_deinit(&a);
}

/* ---- The decision ---------------------------------------------------------------------------------- */

static bool decide(struct doing *d, bool is_last)
{
    struct account *a = &d->account;
    const struct program *p = a->program;

    engine_now(session_engine(a->session), clock_wall_ms());
    switch (d->deed->decide(a, &d->jid, d->argument)) {
    case ERR_NONE: d->decided = true; return true;
    case ERR_MISSING:
        if (is_last)
            account_end(a, program_fail(p, STATUS_FAILED, "unknown", str_from(d->deed->missing)));
        return !is_last;
    case ERR_TOO_BIG:
        account_end(a,
                    program_fail(p, STATUS_USAGE, "usage", STR("a name has 512 octets at most")));
        return false;
    default:
        account_end(a,
                    program_fail(p, STATUS_USAGE, "usage",
                                 STR("this wants the address of somebody else, such as "
                                     "alice@example.org, and names without control characters")));
        return false;
    }
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct doing *d = ctx;
    struct account *a = &d->account;

    if (e->kind == ENGINE_CONTACT && e->change == CONTACT_FAILED
        && str_eq(e->entry.author, d->bare))
        account_end(a, program_fail(a->program, STATUS_FAILED, "refused", e->text));
    else
        (void)account_over(a, e);
}

static void on_settled(void *ctx)
{
    struct doing *d = ctx;
    struct account *a = &d->account;

    if (!d->decided)
        (void)decide(d, true);
    else if (!engine_waits_for(session_engine(a->session), d->bare))
        account_end(a, STATUS_DONE);
}

static struct str unsaid(struct doing *d, struct str why)
{
    return d->decided ? arena_printf(&d->account.arena, "%.*s; %s", STR_ARG(why), kept) : why;
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct doing *d = ctx;
    struct account *a = &d->account;

    account_end(a, program_fail(a->program, distrusted ? STATUS_FAILED : STATUS_UNREACHABLE,
                                distrusted ? "distrusted" : "unreachable", unsaid(d, why)));
}

static void on_timeout(void *ctx)
{
    struct doing *d = ctx;

    account_end(&d->account, program_fail(d->account.program, STATUS_TIMEOUT, "timeout",
                                          unsaid(d, STR("the server took too long to answer"))));
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

static int carry_out(struct doing *d)
{
    struct account *a = &d->account;
    int status;

    if ((status = account_meet(a, &handlers, d, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    (void)decide(d, false);
    return account_run(a);
}

static const struct deed *find(const struct deed *deeds, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(deeds[i].name, name) == 0)
            return &deeds[i];
    return NULL;
}

static int deed_run(struct program *p, const struct deed *deed, const char *address,
                    const char *argument, const char *usage)
{
    struct doing *d = ARENA_NEW(&p->arena, struct doing);

    if (deed == NULL || address == NULL || (argument != NULL && deed->arguments_max == 0))
        return program_fail(p, STATUS_USAGE, "usage", arena_printf(&p->arena, "usage: %s", usage));
    if (jid_parse(&p->arena, str_from(address), &d->jid) != ERR_NONE)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("an address such as alice@example.org is wanted"));
    d->deed = deed;
    d->argument = str_from(argument);
    d->bare = jid_text(&p->arena, &d->jid);
    account_init(&d->account, p);
    return account_leave(&d->account, carry_out(d));
}

int deed_do(struct program *p, const struct deed *deeds, size_t count, const char *usage)
{
    return deed_run(p, find(deeds, count, p->arguments[0]), p->arguments[1], p->arguments[2],
                    usage);
}

int deed_do_one(struct program *p, const struct deed *deed, const char *usage)
{
    return deed_run(p, deed, p->arguments[0], p->arguments[1], usage);
}
