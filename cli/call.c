/* call.c: `sotto call`, `answer`, `reject`.
 *
 * Answering is one run for one call that rings: a run waits for the ringing of a call no longer than a person waits before a
 * telephone, and answers one.
 */
#include <stdio.h>

#include "cli/call_event.h"
#include "cli/calling.h"
#include "cli/commands.h"

enum {
    RING_S = 60,
    FIND_S = 10,    /* until a call rings here; --timeout, at most RING_S */
    OTHERS_MS = 500 /* after the first one: perhaps it is not the only one */
};

struct choice {
    struct calling calling; /* first: handlers get it */
    bool rejects, done;
    struct timer *others;
};

/* ---- What all of them hear -------------------------------------------------------------------------- */

static void fail(struct calling *c, const char *code, struct str why)
{
    account_end(&c->account, program_fail(c->account.program, STATUS_FAILED, code, why));
}

/* What is spoken does not pass the server, so a call goes on without it. */
static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct calling *c = ctx;

    if (c->call.id.n == 0 || distrusted)
        account_lost(&c->account, why, distrusted);
    else
        fprintf(c->account.program->err, "sotto: %.*s; trying again\n", STR_ARG(why));
}

static void on_settled(void *ctx)
{
    calling_settled(ctx);
}

/* ---- Calling ---------------------------------------------------------------------------------------- */

static void begin(struct calling *c)
{
    struct account *a = &c->account;
    struct program *p = a->program;
    const struct live_call *l = &c->call;
    struct engine_event e = { .kind = ENGINE_CALL,
                              .call_media =
                                  JINGLE_AUDIO | (p->call.video ? (unsigned)JINGLE_VIDEO : 0) };
    struct jid whom;

    if (l->id.n > 0)
        return;
    if (jid_parse(&a->arena, str_from(p->arguments[0]), &whom) != ERR_NONE
        || live_call_begin(&c->call, &whom, e.call_media) != ERR_NONE) {
        fail(c, "call", STR("that is nobody who can be called"));
        return;
    }
    e.entry = (struct entry){ .outgoing = true,
                              .time_ms = clock_wall_ms(),
                              .chat = l->peer,
                              .author = a->bare,
                              .id = l->id };
    call_event_tell(p, a->bare, &e, "calling");
    if (!p->json)
        fprintf(p->out, "Calling %.*s.\n", STR_ARG(l->peer));
    fflush(p->out);
}

static void on_event_of_call(void *ctx, const struct engine_event *e)
{
    struct calling *c = ctx;

    if (account_over(&c->account, e))
        return;
    if (e->kind == ENGINE_ONLINE)
        begin(c);
    else if (e->kind == ENGINE_CALL)
        calling_event(c, e);
}

static const struct session_handlers call_handlers = { .event = on_event_of_call,
                                                       .settled = on_settled,
                                                       .lost = on_lost };

/* --timeout: so long it rings there. */
static void on_ring_over(void *ctx)
{
    struct calling *c = ctx;

    if (c->call.connected_ms > 0 || c->call.process != NULL)
        return;
    if (c->call.id.n == 0)
        account_late(&c->account);
    else
        calling_leave(c, STATUS_TIMEOUT, "timeout", STR("Nobody answered."));
}

static void release_call(struct account *a)
{
    calling_deinit(CONTAINER_OF(a, struct calling, account));
}

int command_call(struct program *p)
{
    struct calling *c = ARENA_NEW(&p->arena, struct calling);
    struct jid whom;
    int status;

    if (jid_parse(&p->arena, str_from(p->arguments[0]), &whom) != ERR_NONE || !jid_is_bare(&whom)
        || whom.local.n == 0)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("call wants an address such as alice@example.org"));
    if ((status = calling_begin(c, p, release_call)) != STATUS_DONE)
        return status;
    if ((status = calling_meet(c, &call_handlers, p->timeout != NULL ? RING_S : 0, on_ring_over))
        == STATUS_DONE)
        status = account_run(&c->account);
    return account_leave(&c->account, status);
}

/* ---- Answering and rejecting ------------------------------------------------------------------------ */

static const char *wanted(const struct choice *s)
{
    return s->calling.account.program->arguments[0];
}

static void decide(struct choice *s, const struct call_info *info)
{
    struct calling *c = &s->calling;

    s->done = true;
    if (s->rejects)
        live_call_decline(&c->call, info);
    else if (live_call_answer(&c->call, info) != ERR_NONE)
        fail(c, "call", STR("that call does not ring any more"));
}

/* Without an id: the one that rings, if it is one. */
static void choose(void *ctx)
{
    struct choice *s = ctx;
    struct account *a = &s->calling.account;
    struct call_info info, found = { 0 };
    size_t n = 0;

    for (size_t cursor = 0; call_next(session_engine(a->session), &cursor, &info);)
        if (info.side == CALL_CALLEE && info.phase <= CALL_RINGS
            && (wanted(s) == NULL || str_is(info.id, wanted(s)))) {
            found = info;
            n++;
        }
    if (n == 1)
        decide(s, &found);
    else if (n > 1)
        fail(&s->calling, "several", STR("several people call: name the one by its id"));
}

static void on_event_of_choice(void *ctx, const struct engine_event *e)
{
    struct choice *s = ctx;
    struct calling *c = &s->calling;

    if (account_over(&c->account, e) || e->kind != ENGINE_CALL)
        return;
    if (s->done) {
        calling_event(c, e);
        return;
    }
    if (e->call != CALL_COMES)
        return;
    call_event_tell(c->account.program, c->account.bare, e, "ringing");
    if (!c->account.program->json)
        fprintf(c->account.program->out, "%.*s calls%s.\n", STR_ARG(e->entry.chat),
                (e->call_media & JINGLE_VIDEO) != 0 ? " with video" : "");
    fflush(c->account.program->out);
    timer_start(s->others, wanted(s) != NULL ? 0 : OTHERS_MS);
}

static const struct session_handlers choice_handlers = { .event = on_event_of_choice,
                                                         .settled = on_settled,
                                                         .lost = on_lost };

static void on_nothing_rings(void *ctx)
{
    struct choice *s = ctx;

    if (!s->done)
        fail(&s->calling, "no-call",
             wanted(s) != NULL ? STR("that call does not ring") : STR("nobody calls"));
}

static void release_choice(struct account *a)
{
    struct choice *s = CONTAINER_OF(a, struct choice, calling.account);

    timer_free(s->others);
    calling_deinit(&s->calling);
}

static int run_choice(struct program *p, bool rejects)
{
    struct choice *s = ARENA_NEW(&p->arena, struct choice);
    struct account *a = &s->calling.account;
    uint64_t seconds = FIND_S;
    int status = calling_begin(&s->calling, p, release_choice);

    if (status != STATUS_DONE)
        return status;
    s->rejects = rejects;
    if (account_seconds(a, &seconds) == STATUS_DONE && seconds > RING_S)
        status = program_fail(p, STATUS_USAGE, "usage",
                              STR("nobody waits longer than 60 seconds for a ring: call back"));
    if (status == STATUS_DONE)
        status = calling_meet(&s->calling, &choice_handlers, seconds, on_nothing_rings);
    if (status == STATUS_DONE) {
        s->others = timer_new(a->loop, choose, s);
        status = account_run(a);
    }
    return account_leave(a, status);
}

int command_answer(struct program *p)
{
    return run_choice(p, false);
}

int command_reject(struct program *p)
{
    return run_choice(p, true);
}
