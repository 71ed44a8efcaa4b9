/* link_arrive.c: see link.h. What is interrupted goes on when another command connects. */
#include <stdio.h>

#include "cli/link.h"
#include "cli/progress.h"
#include "client/history.h"

enum { TURN_MS = 250, ANNOUNCED_MS = 60 * 1000, MOVES_MS = 10 * 60 * 1000 };

struct arriving {
    struct account *account;
    struct progress progress;
    struct timer *turn;
    bool with_history, is_there;
    uint64_t done, moved_ms; /* when something moved last */
};

static void greet(struct arriving *v)
{
    const struct account *a = v->account;

    v->is_there = true;
    v->moved_ms = clock_steady_ms();
    if (a->program->json)
        program_tell(a->program,
                     json_pack("{s:s,s:o}", "event", "linked", "jid", json_of(a->bare)));
    else
        printf("%.*s: this machine is linked\n", STR_ARG(a->bare));
    fflush(stdout);
}

/* ---- The history --------------------------------------------------------------------------------- */

static void tell_history(const struct arriving *v, const struct history_state *state)
{
    const struct program *p = v->account->program;

    if (p->json)
        program_tell(p, json_pack("{s:s,s:I,s:I,s:b}", "event", "history", "entries",
                                  (json_int_t)state->done, "total", (json_int_t)state->total,
                                  "complete", !state->incomplete));
    else
        printf("%llu of %llu entries of the history are here%s\n", (unsigned long long)state->done,
               (unsigned long long)state->total, state->incomplete ? "; a part did not come" : "");
}

static void late(struct arriving *v)
{
    struct account *a = v->account;

    progress_end(&v->progress);
    if (!v->is_there)
        account_late(a);
    else
        account_end(a, program_fail(a->program, STATUS_TIMEOUT, "history-waits",
                                    STR("this machine is linked, but its history has not come "
                                        "yet: it comes to the commands that connect, as soon as "
                                        "the other device does, too")));
}

static void look(struct arriving *v)
{
    struct history_state state;
    struct account *a = v->account;
    bool taken;

    engine_now(session_engine(a->session), clock_wall_ms());
    taken = history_is_taken(session_engine(a->session), &state);
    if (state.done != v->done)
        v->moved_ms = clock_steady_ms();
    v->done = state.done;
    if (!taken) {
        progress_show(&v->progress, state.done, state.total);
        return;
    }
    progress_end(&v->progress);
    tell_history(v, &state);
    account_end(a, STATUS_DONE);
}

static void on_turn(void *ctx)
{
    struct arriving *v = ctx;
    uint64_t patience = v->is_there ? MOVES_MS : ANNOUNCED_MS;

    if (v->account->ended)
        return;
    if (v->is_there)
        look(v);
    if (clock_steady_ms() - v->moved_ms > patience)
        late(v);
    timer_start(v->turn, TURN_MS);
}

/* ---- The session --------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct engine_event *e)
{
    struct account *a = ((struct arriving *)ctx)->account;

    (void)account_over(a, e);
}

static void on_settled(void *ctx)
{
    struct arriving *v = ctx;

    if (!v->is_there)
        greet(v);
    if (!v->with_history)
        account_end(v->account, STATUS_DONE);
}

/* Once it is there it connects again, as often as it takes. */
static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct arriving *v = ctx;

    if (!v->is_there || distrusted)
        account_lost(v->account, why, distrusted);
}

static void on_timeout(void *ctx)
{
    late(ctx);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

int link_arrive(struct account *a, bool with_history, bool *out_is_there)
{
    struct arriving v = { .account = a,
                          .with_history = with_history,
                          .moved_ms = clock_steady_ms(),
                          .progress = { a->program, .doing = "history" } };
    int status;

    *out_is_there = false;
    if ((status = account_begin(a, &handlers, &v)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, 0, on_timeout)) != STATUS_DONE)
        return status;
    v.turn = timer_new(a->loop, on_turn, &v);
    timer_start(v.turn, TURN_MS);
    status = account_run(a);
    timer_free(v.turn);
    *out_is_there = v.is_there;
    return status;
}
