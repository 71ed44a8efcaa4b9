/* link_give.c: `sotto devices link CODE`: another device of the person's own gets the account. */
#include <stdio.h>
#include <unistd.h>

#include "cli/account.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/visible.h"
#include "client/history.h"
#include "client/link_old.h"

enum { PATIENCE_S = 5 * 60, AGAIN_MS = 1000 };

struct giving {
    struct account account;
    struct timer *again;
    struct progress progress;
    uint64_t done; /* of the history, when it was last looked at for being late */
    bool begun, with_history, is_linked;
};

static void fail(struct giving *g, const char *code, struct str why)
{
    account_end(&g->account, program_fail(g->account.program, STATUS_FAILED, code, why));
}

static void begin(struct giving *g)
{
    struct account *a = &g->account;

    g->begun = true;
    switch (engine_link_begin(session_engine(a->session), str_from(a->program->arguments[1]))) {
    case ERR_NONE: break;
    case ERR_DENIED:
        fail(g, "other-server", STR("this code is for an account of another server"));
        break;
    default: fail(g, "usage", STR("that is no code of `sotto link`, or it was mistyped"));
    }
}

/* It is given when its last part is the server's, and with it the message that tells of it. */
static void look(struct giving *g)
{
    struct account *a = &g->account;
    struct engine *c = session_engine(a->session);
    uint64_t done = 0, total = 0;

    if (history_is_given(c, &done, &total) && engine_is_settled(c)) {
        progress_end(&g->progress);
        if (a->program->json)
            program_tell(a->program, json_pack("{s:s}", "event", "history-given"));
        else
            printf("It has been given the history.\n");
        account_end(a, STATUS_DONE);
        return;
    }
    progress_show(&g->progress, done, total);
    timer_start(g->again, AGAIN_MS);
}

static void on_again(void *ctx)
{
    struct giving *g = ctx;
    struct engine *c = session_engine(g->account.session);

    engine_now(c, clock_wall_ms());
    if (g->is_linked)
        look(g);
    else
        engine_link_ask(c);
}

/* Everything that was ever said here is more than a new device: it is asked about by itself. */
static bool wants_to_give(const struct giving *g, bool asked)
{
    const struct program *p = g->account.program;

    if (p->with_history || !asked || p->yes)
        return p->with_history;
    return ask_yes(
        STR("It asks for the history, too: all messages that this device holds, whom you "
            "trust, and drafts. Give it?"));
}

/* What will happen is said before it does. */
static void give(struct giving *g, const struct engine_event *e)
{
    struct account *a = &g->account;
    struct program *p = a->program;
    struct str name = visible_line(&a->arena, e->entry.author);

    if (p->json)
        program_tell(p, json_pack("{s:s,s:o,s:o,s:b}", "event", "link-digits", "digits",
                                  json_of(e->text), "name", json_of(e->entry.author),
                                  "asks-history", e->on));
    else
        printf("\"%.*s\" will be a device of %.*s: it logs in with a password of its own, may "
               "manage other devices, gets the keys that you trust, and reads messages from now "
               "on.\nIt has to show these digits, too: %.3s %.*s\n",
               STR_ARG(name), STR_ARG(a->bare), e->text.p, STR_ARG(str_skip(e->text, 3)));
    fflush(stdout);
    if (!p->yes && !ask_yes(STR("Do both devices show them?"))) {
        fail(g, "differs", STR("not linked"));
        return;
    }
    g->with_history = wants_to_give(g, e->on);
    engine_link_give(session_engine(a->session), g->with_history);
}

static void given(struct giving *g)
{
    struct program *p = g->account.program;

    if (p->json)
        program_tell(p, json_pack("{s:s}", "event", "linked"));
    else
        printf("It is linked. `sotto devices` lists it.\n");
    fflush(stdout);
    g->is_linked = true;
    if (g->with_history)
        timer_start(g->again, AGAIN_MS);
    else
        account_end(&g->account, STATUS_DONE);
}

static void link_came(struct giving *g, const struct engine_event *e)
{
    switch (e->link) {
    case LINK_OPENED:
    case LINK_WAITS: timer_start(g->again, AGAIN_MS); break;
    case LINK_ANSWERED: give(g, e); break;
    case LINK_GIVEN: given(g); break;
    case LINK_FAILED: fail(g, "refused", e->text); break;
    }
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct giving *g = ctx;

    if (e->kind == ENGINE_LINK)
        link_came(g, e);
    else if (e->kind == ENGINE_HISTORY)
        fail(g, "history",
             arena_printf(&g->account.arena, "it is linked, but without the history: %.*s",
                          STR_ARG(e->text)));
    else
        (void)account_over(&g->account, e);
}

static void on_settled(void *ctx)
{
    struct giving *g = ctx;

    if (!g->begun)
        begin(g);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct giving *g = ctx;

    if (!g->is_linked || distrusted) /* else it connects again */
        account_lost(&g->account, why, distrusted);
}

/* A history takes the time that it takes, as long as something moves. */
static void on_timeout(void *ctx)
{
    struct giving *g = ctx;
    struct account *a = &g->account;
    uint64_t done = 0, total;

    if (g->is_linked)
        (void)history_is_given(session_engine(a->session), &done, &total);
    if (a->program->timeout == NULL && done != g->done) {
        g->done = done;
        timer_start(a->limit, PATIENCE_S * 1000);
        return;
    }
    progress_end(&g->progress);
    account_end(
        a, program_fail(a->program, STATUS_TIMEOUT, g->is_linked ? "history-waits" : "timeout",
                        g->is_linked
                            ? STR("it is linked; the rest of the history goes to it when another "
                                  "command connects, and it is there")
                            : STR("the new device did not answer: does it still wait?")));
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

static int run(struct giving *g)
{
    struct account *a = &g->account;
    int status;

    if ((status = account_meet(a, &handlers, g, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    g->again = timer_new(a->loop, on_again, g);
    status = account_run(a);
    timer_free(g->again);
    return status;
}

int command_devices_link(struct program *p)
{
    struct giving g = { .progress = { p, .doing = "history" } };
    int status;

    if (p->arguments[1] == NULL)
        return program_fail(p, STATUS_USAGE, "usage", STR("usage: sotto devices link CODE"));
    if (!p->yes && !isatty(STDIN_FILENO))
        return program_fail(
            p, STATUS_USAGE, "usage",
            STR("without a terminal nobody can compare digits: --yes takes them for "
                "equal"));
    account_init(&g.account, p);
    status = run(&g);
    account_deinit(&g.account);
    return status;
}
