/* desk_calls.c: the calls of the account come into the model, and what the person wants of them is done. */
#include "cli/chat/calls.h"
#include "cli/chat/desk_inside.h"

enum { LEAVE_MS = 5000 };

static struct str name_of(const struct desk *d, struct str jid)
{
    const struct chat *c = model_find(&d->model, jid);

    return c != NULL ? chat_name(c) : jid;
}

/* ---- What there is ---------------------------------------------------------------------------------- */

static enum call_stage stage_of(const struct call_info *info)
{
    if (info->side == CALL_CALLEE && info->phase <= CALL_RINGS)
        return STAGE_RINGS_HERE;
    switch (info->phase) {
    case CALL_PROPOSED: return STAGE_CALLING;
    case CALL_RINGS: return STAGE_RINGS_THERE;
    case CALL_ACTIVE: return info->talk_ms > 0 ? STAGE_TALKING : STAGE_CONNECTING;
    default: return STAGE_CONNECTING;
    }
}

static struct call_view view_of(const struct desk *d, const struct call_info *info)
{
    const struct live_call *l = &d->call;
    const struct media_quality *q = &l->quality;
    uint64_t all = q->received + q->lost;
    struct call_view v = { .id = info->id,
                           .peer = info->peer,
                           .stage = stage_of(info),
                           .video = (info->media & JINGLE_VIDEO) != 0,
                           .trust = info->trust,
                           .talk_ms = info->talk_ms,
                           .rtt_ms = -1 };

    if (!str_eq(l->id, info->id))
        return v;
    v.muted = l->muted;
    v.measured = l->measured && all > 0;
    if (v.measured) {
        v.lost = (double)q->lost / (double)all;
        v.concealed = q->concealed;
        v.rtt_ms = q->rtt_ms;
    }
    return v;
}

static void tell_model(struct desk *d)
{
    struct call_view views[CALLS_MAX];
    struct call_info info;
    size_t n = 0, cursor = 0;

    while (n < CALLS_MAX && call_next(desk_engine(d), &cursor, &info))
        views[n++] = view_of(d, &info);
    d->model.now_ms = clock_wall_ms();
    model_set_calls(&d->model, views, n);
}

/* To who reads line by line. */
static void say(struct desk *d, struct str id, const char *what_to_do)
{
    struct arena a = { 0 };
    struct call_info info;
    struct call_view v;

    if (d->face->call == NULL || !call_find(desk_engine(d), id, &info))
        return;
    v = view_of(d, &info);
    d->face->call(d->ctx,
                  arena_printf(&a, "%.*s%s", STR_ARG(call_words(&a, &d->model, &v)), what_to_do));
    arena_deinit(&a);
}

/* ---- What comes of the one that the person is in ------------------------------------------------------ */

static void call_ended(struct desk *d, struct str why)
{
    struct str who = name_of(d, d->call.peer);
    struct arena a = { 0 };

    if (d->call.connected_ms > 0)
        model_notice(
            &d->model, false,
            arena_printf(&a, "The call with %.*s is over. %.*s", STR_ARG(who), STR_ARG(why)));
    else if (why.n > 0)
        model_notice(&d->model, false, arena_printf(&a, "%.*s: %.*s", STR_ARG(who), STR_ARG(why)));
    arena_deinit(&a);
}

static void on_news(void *ctx, enum live_news news, struct str words)
{
    struct desk *d = ctx;

    tell_model(d);
    switch (news) {
    case LIVE_RINGS:
    case LIVE_ANSWERED: say(d, d->call.id, ""); break;
    case LIVE_CONNECTED: say(d, d->call.id, ". /mute, /hangup"); break;
    case LIVE_HEARD:
    case LIVE_QUALITY: break;
    case LIVE_NOTED: model_notice(&d->model, true, words); break;
    case LIVE_LEAVES:
        if (words.n > 0)
            model_notice(&d->model, true, words);
        break;
    case LIVE_OVER: call_ended(d, words); break;
    case LIVE_GONE: desk_calls_settled(d); break;
    }
    desk_changed(d);
}

void desk_call(struct desk *d, const struct engine_event *e)
{
    struct arena a = { 0 };

    if (!live_call_event(&d->call, e)) {
        if (e->call == CALL_IS_OVER && e->text.n > 0)
            model_notice(&d->model, false,
                         arena_printf(&a, "%.*s: %.*s", STR_ARG(name_of(d, e->entry.chat)),
                                      STR_ARG(e->text)));
        if (e->call == CALL_COMES)
            say(d, e->entry.id, ": /answer or /decline");
    }
    tell_model(d);
    arena_deinit(&a);
}

/* ---- What the person wants --------------------------------------------------------------------------- */

static void begin(struct desk *d, const struct wish *w)
{
    struct arena a = { 0 };
    struct jid who;
    enum err e = jid_parse(&a, w->chat, &who);

    if (e == ERR_NONE)
        e = live_call_begin(&d->call, &who, JINGLE_AUDIO | (w->on ? (unsigned)JINGLE_VIDEO : 0));
    if (e == ERR_NONE)
        say(d, d->call.id, ". /hangup takes it back");
    else
        model_notice(&d->model, true,
                     e == ERR_MISSING    ? STR("There is no connection: nobody can be called now")
                     : e == ERR_CONFLICT ? STR("You are in a call: hang up first")
                                         : STR("That is nobody who can be called"));
    arena_deinit(&a);
}

static void answer(struct desk *d, const struct wish *w)
{
    struct call_info info;
    enum err e = ERR_DENIED;

    if (call_find(desk_engine(d), w->id, &info))
        e = live_call_answer(&d->call, &info);
    if (e != ERR_NONE)
        model_notice(&d->model, true,
                     e == ERR_MISSING    ? STR("There is no connection: wait until there is")
                     : e == ERR_CONFLICT ? STR("You are in a call: hang up first")
                                         : STR("That call does not ring any more"));
}

static void end(struct desk *d, const struct wish *w)
{
    if (str_eq(w->id, d->call.id))
        live_call_leave(&d->call, NULL, STR_NONE);
    else if (call_end(desk_engine(d), w->id, NULL, STR_NONE) != ERR_NONE)
        model_notice(&d->model, true, STR("That call is over"));
}

void desk_call_wish(struct desk *d, const struct wish *w)
{
    switch (w->kind) {
    case WISH_CALL: begin(d, w); break;
    case WISH_TAKE_CALL: answer(d, w); break;
    case WISH_END_CALL: end(d, w); break;
    case WISH_MUTE:
        live_call_mute(&d->call, w->on);
        if (d->face->call != NULL)
            d->face->call(d->ctx, d->call.muted ? STR("Your microphone is off")
                                                : STR("Your microphone is on"));
        break;
    default: break;
    }
    tell_model(d);
}

/* ---- Life -------------------------------------------------------------------------------------------- */

static void on_leave_by(void *ctx)
{
    struct desk *d = ctx;

    account_end(&d->account, STATUS_DONE);
}

static void on_interrupt(void *ctx)
{
    desk_leave(ctx);
}

/* The same as the key: the face knows how. */
static bool on_stop(void *ctx)
{
    struct desk *d = ctx;

    model_act(&d->model, ACT_SUSPEND);
    desk_work(d);
    desk_changed(d);
    return false;
}

bool desk_may_stop(struct desk *d)
{
    if (live_call_is_gone(&d->call))
        return true;
    model_notice(&d->model, true, STR("Hang up first: stopped, it would go on unseen"));
    return false;
}

void desk_calls_begin(struct desk *d)
{
    const struct program *p = d->account.program;

    live_call_init(&d->call, d->account.session, d->account.loop, on_news, d);
    d->call.play = p->call.play;
    d->call.record = p->call.record;
    d->leave_by = timer_new(d->account.loop, on_leave_by, d);
    d->account.interrupt = on_interrupt;
    d->account.may_stop = on_stop;
}

/* What is recorded is whole, and the other side knows, when the call is gone and the server has all of it. */
void desk_calls_settled(struct desk *d)
{
    if (d->leaving && live_call_is_gone(&d->call) && engine_is_settled(desk_engine(d)))
        account_end(&d->account, STATUS_DONE);
}

void desk_leave(struct desk *d)
{
    if (d->leaving)
        return;
    d->leaving = live_call_is_on(&d->call);
    live_call_leave(&d->call, NULL, STR_NONE);
    if (d->leaving)
        timer_start(d->leave_by, LEAVE_MS);
    else
        account_end(&d->account, STATUS_DONE);
}
