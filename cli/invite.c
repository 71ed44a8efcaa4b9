/* invite.c: `sotto invite`: a link with which somebody gets an account here, and is a contact at once; and taking one back. */
#include <stdio.h>

#include "base/datetime.h"
#include "cli/account.h"
#include "cli/commands.h"
#include "cli/visible.h"
#include "client/invitation.h"
#include "io/qr.h"

enum { PATIENCE_S = 60 };

struct inviting {
    struct account account;
    struct str taken_back; /* a link; empty: one is made */
    bool asked;
};

static json_t *when_of(struct arena *a, uint64_t ms)
{
    return ms > 0 ? json_of(datetime_text(a, ms)) : NULL;
}

static void print_json(struct account *a, const struct engine_event *e)
{
    struct str page = e->entry.target;

    program_tell(a->program, json_pack("{s:s,s:o,s:o*,s:o*}", "event", "invitation", "uri",
                                       json_of(e->text), "page", page.n > 0 ? json_of(page) : NULL,
                                       "expires", when_of(&a->arena, e->entry.time_ms)));
}

/* The code leads to the page, which says what to do, also to who has no such app yet. */
static void print_words(struct account *a, const struct engine_event *e)
{
    const struct program *p = a->program;
    struct str page = visible_line(&a->arena, e->entry.target);
    struct str link = visible_line(&a->arena, e->text);

    if (p->out_is_screen && p->out == stdout)
        qr_print(&a->arena, page.n > 0 ? page : link);
    if (page.n > 0)
        fprintf(p->out, "page   %.*s\n", STR_ARG(page));
    fprintf(p->out, "link   %.*s\n", STR_ARG(link));
    if (e->entry.time_ms > 0)
        fprintf(p->out, "until  %.*s\n", STR_ARG(datetime_text(&a->arena, e->entry.time_ms)));
    if (p->out_is_screen)
        fprintf(p->out,
                "\nFor one person: who has it first gets an account with it, and is a contact of "
                "yours.\n"
                "Send it over a way that only that person reads.\n");
}

static void print_taken_back(struct account *a)
{
    if (a->program->json)
        program_tell(a->program, json_pack("{s:s}", "event", "invitation-withdrawn"));
    else
        fprintf(a->program->out, "Nobody can use it any more.\n");
}

static void invited(struct account *a, const struct engine_event *e)
{
    int status = STATUS_DONE;

    if (e->refused)
        status =
            program_fail(a->program, STATUS_FAILED, "refused", visible_line(&a->arena, e->text));
    else if (e->text.n == 0)
        print_taken_back(a);
    else if (a->program->json)
        print_json(a, e);
    else
        print_words(a, e);
    fflush(a->program->out);
    account_end(a, status);
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct account *a = &((struct inviting *)ctx)->account;

    if (e->kind == ENGINE_INVITATION)
        invited(a, e);
    else
        (void)account_over(a, e);
}

static void on_settled(void *ctx)
{
    struct inviting *i = ctx;
    struct engine *engine = session_engine(i->account.session);

    if (i->asked)
        return;
    i->asked = true;
    if (i->taken_back.n == 0)
        engine_invite(engine);
    else if (engine_take_back(engine, i->taken_back) != ERR_NONE)
        account_end(&i->account, program_fail(i->account.program, STATUS_USAGE, "usage",
                                              STR("that is no invitation")));
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    account_lost(&((struct inviting *)ctx)->account, why, distrusted);
}

static void on_timeout(void *ctx)
{
    account_late(&((struct inviting *)ctx)->account);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

int command_invite(struct program *p)
{
    struct inviting *i = ARENA_NEW(&p->arena, struct inviting);
    int status;

    if (p->arguments[0] != NULL
        && (!str_is(str_from(p->arguments[0]), "withdraw") || p->arguments[1] == NULL))
        return program_fail(p, STATUS_USAGE, "usage", STR("invite [withdraw LINK]"));
    if (p->arguments[0] != NULL)
        i->taken_back = str_from(p->arguments[1]);
    account_init(&i->account, p);
    status = account_meet(&i->account, &handlers, i, PATIENCE_S, on_timeout);
    if (status == STATUS_DONE)
        status = account_run(&i->account);
    return account_leave(&i->account, status);
}
