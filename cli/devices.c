/* devices.c: `sotto devices`: keys that encrypt for us, who may log in, a password for an app, sending one away. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/visible.h"
#include "client/access.h"
#include "client/ours.h"

enum { PATIENCE_S = 60, TIME_TEXT = 32 };

enum wish { WISH_LIST, WISH_ADD_APP, WISH_REVOKE, WISH_REMOVE };

struct managing {
    struct account account;
    enum wish wish;
    bool asked;
};

/* ---- The list ------------------------------------------------------------------------------------ */

static void print_key(struct account *a, const struct own_device *d)
{
    if (a->program->json)
        program_tell(a->program,
                     json_pack("{s:s,s:I,s:o,s:b,s:b,s:b}", "event", "own-device", "id",
                               (json_int_t)d->id, "fingerprint", json_of(d->fingerprint), "this",
                               d->is_this, "omemo:0.3", d->speaks_03, "omemo:2", d->speaks_2));
    else
        fprintf(a->program->out, "%10u  %.*s%s\n", (unsigned)d->id,
                STR_ARG(d->fingerprint.n > 0 ? d->fingerprint : STR("(fingerprint not known yet)")),
                d->is_this ? "  this device" : "");
}

static void print_keys(struct account *a, struct engine *c)
{
    const struct own_device *list;
    size_t n = engine_own_devices(c, &a->arena, &list);

    for (size_t i = 0; i < n; i++)
        print_key(a, &list[i]);
}

static struct str time_text(struct arena *a, uint64_t ms)
{
    char text[TIME_TEXT];
    time_t seconds = (time_t)(ms / 1000);
    struct tm local;

    if (ms == 0 || localtime_r(&seconds, &local) == NULL
        || strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local) == 0)
        return STR("never");
    return arena_cstr(a, text);
}

static void print_access_json(const struct program *p, const struct access_info *x)
{
    program_tell(p, json_pack("{s:s,s:o,s:s,s:o,s:o,s:b,s:b,s:b,s:I,s:I,s:o}", "event", "access",
                              "id", json_of(x->id), "kind",
                              !x->is_password ? "client"
                              : x->limited    ? "app"
                                              : "device",
                              "name", json_of(x->name), "software", json_of(x->software),
                              "connected", x->connected, "limited", x->limited, "knows_password",
                              x->knows_password, "first", (json_int_t)x->first_ms, "last",
                              (json_int_t)x->last_ms, "via", json_of(x->via)));
}

static void print_access_words(struct account *a, const struct access_info *x)
{
    const struct program *p = a->program;
    struct arena *scratch = &a->arena;
    struct str name = visible_line(scratch, x->name.n > 0 ? x->name : x->software);
    struct str id = visible_line(scratch, x->id), via = visible_line(scratch, x->via);

    fprintf(p->out, "%-20.*s %s %-24.*s", STR_ARG(id),
            !x->is_password ? "client"
            : x->limited    ? "app   "
                            : "device",
            STR_ARG(name.n > 0 ? name : STR("(without a name)")));
    if (x->connected)
        fprintf(p->out, "  connected");
    else
        fprintf(p->out, "  last %.*s", STR_ARG(time_text(scratch, x->last_ms)));
    if (via.n > 0)
        fprintf(p->out, "  by %.*s", STR_ARG(via));
    fprintf(p->out, "\n");
}

static void print_access(struct account *a)
{
    struct access_info x;

    if (!a->program->json)
        fprintf(a->program->out, "\nWho may log in (`sotto devices revoke ID` takes it back):\n");
    for (size_t cursor = 0; engine_next_access(session_engine(a->session), &cursor, &x);) {
        if (a->program->json)
            print_access_json(a->program, &x);
        else
            print_access_words(a, &x);
    }
}

/* ---- What came of it ----------------------------------------------------------------------------- */

static void print_password(struct account *a, struct str id, struct str password)
{
    if (a->program->json)
        program_tell(a->program,
                     json_pack("{s:s,s:o,s:o,s:o}", "event", "password", "id", json_of(id), "jid",
                               json_of(a->bare), "password", json_of(password)));
    else
        fprintf(a->program->out,
                "Give the app this; it is not shown again.\n  address   %.*s\n  password  %.*s\n"
                "It reads and writes messages, but cannot change who may log in. "
                "`sotto devices revoke %.*s` takes it back.\n",
                STR_ARG(a->bare), STR_ARG(password), STR_ARG(visible_line(&a->arena, id)));
    fflush(a->program->out);
}

/* Other servers may not tell, and ours does not tell whoever came by an app's password: the keys were listed all the same. */
static void print_unknown(const struct program *p, struct str why)
{
    if (p->json)
        program_tell(p, json_pack("{s:s,s:o}", "event", "access-unknown", "reason", json_of(why)));
    else
        fprintf(p->err, "sotto: the server does not tell who may log in: %.*s\n", STR_ARG(why));
}

static void access_came(struct account *a, const struct engine_event *e, bool listing)
{
    struct program *p = a->program;
    int status = STATUS_DONE;

    switch (e->access) {
    case ACCESS_LISTED: print_access(a); break;
    case ACCESS_MADE: print_password(a, e->entry.id, e->text); break;
    case ACCESS_REVOKED:
        if (!p->json)
            fprintf(p->out, "It is signed out, and cannot come back.\n");
        break;
    case ACCESS_REVOKED_FOR_NOW:
        status = program_fail(p, STATUS_FAILED, "knows-password",
                              STR("it is signed out, but knows the account's password: it stays "
                                  "out only with a new one"));
        break;
    case ACCESS_FAILED:
        if (listing)
            print_unknown(p, e->text);
        else
            status = program_fail(p, STATUS_FAILED, "refused", e->text);
        break;
    }
    account_end(a, status);
}

static void remove_device(struct account *a, struct engine *c)
{
    struct program *p = a->program;
    uint64_t id = 0;
    bool is_number = str_to_u64(str_from(p->arguments[1]), INT32_MAX, &id) == ERR_NONE;
    enum err e = is_number ? engine_remove_device(c, (uint32_t)id) : ERR_MISSING;

    if (e == ERR_MALFORMED)
        account_end(a, program_fail(p, STATUS_FAILED, "this-device",
                                    STR("this device cannot send itself away: another one can")));
    else if (e != ERR_NONE)
        account_end(a, program_fail(p, STATUS_FAILED, "unknown-device",
                                    STR("no device of yours with this number is known: "
                                        "`sotto devices` lists them")));
}

static void ask(struct managing *m)
{
    struct account *a = &m->account;
    struct engine *c = session_engine(a->session);

    m->asked = true;
    switch (m->wish) {
    case WISH_LIST:
        print_keys(a, c);
        engine_ask_access(c);
        break;
    case WISH_ADD_APP: engine_make_password(c, str_from(a->program->arguments[1]), true); break;
    case WISH_REVOKE: engine_revoke_access(c, str_from(a->program->arguments[1])); break;
    case WISH_REMOVE: remove_device(a, c); break;
    }
}

/* ---- Being there --------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct engine_event *e)
{
    struct managing *m = ctx;
    struct account *a = &m->account;

    if (e->kind == ENGINE_ACCESS)
        access_came(a, e, m->wish == WISH_LIST);
    else
        (void)account_over(a, e);
}

static void on_settled(void *ctx)
{
    struct managing *m = ctx;

    if (!m->asked) {
        ask(m);
    } else if (m->wish == WISH_REMOVE && !m->account.ended) { /* the server has the new lists */
        if (!m->account.program->json)
            fprintf(m->account.program->out,
                    "Nothing is encrypted to it any more. If it can log in, take that back, too: "
                    "`sotto devices` lists who can.\n");
        account_end(&m->account, STATUS_DONE);
    }
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    account_lost(&((struct managing *)ctx)->account, why, distrusted);
}

static void on_timeout(void *ctx)
{
    account_late(&((struct managing *)ctx)->account);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

static int manage(struct managing *m)
{
    struct account *a = &m->account;
    int status;

    if ((status = account_meet(a, &handlers, m, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    return account_run(a);
}

static bool read_wish(const struct program *p, enum wish *out)
{
    const char *what = p->arguments[0];

    if (what == NULL)
        *out = WISH_LIST;
    else if (strcmp(what, "add-app") == 0)
        *out = WISH_ADD_APP;
    else if (strcmp(what, "revoke") == 0)
        *out = WISH_REVOKE;
    else if (strcmp(what, "remove") == 0)
        *out = WISH_REMOVE;
    else
        return false;
    return (p->arguments[1] != NULL) == (*out != WISH_LIST);
}

int command_devices(struct program *p)
{
    struct managing *m = ARENA_NEW(&p->arena, struct managing);

    if (p->arguments[0] != NULL && strcmp(p->arguments[0], "link") == 0)
        return command_devices_link(p);
    if (!read_wish(p, &m->wish))
        return program_fail(
            p, STATUS_USAGE, "usage",
            STR("usage: sotto devices [add-app NAME | revoke ID | remove NUMBER | link "
                "CODE]"));
    account_init(&m->account, p);
    return account_leave(&m->account, manage(m));
}
