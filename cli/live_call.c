/* live_call.c: see live_call.h. */
#include "cli/live_call.h"

enum { GOODBYE_MS = 2000 }; /* between the same word by the media and by the server */

/* ---- Life ------------------------------------------------------------------------------------------- */

static void on_reap(void *ctx)
{
    struct live_call *l = ctx;

    media_free(l->process);
    l->process = NULL;
    l->news(l->ctx, LIVE_GONE, STR_NONE);
}

/* They have said it by the media alone. */
static void on_goodbye(void *ctx)
{
    live_call_leave(ctx, NULL, STR_NONE);
}

/* Later: it may be the process that is calling. */
static void reap(struct live_call *l)
{
    if (l->over && (l->process == NULL || l->process_over))
        timer_start(l->reaping, 0);
}

void live_call_init(struct live_call *l, struct session *s, struct loop *loop,
                    void (*news)(void *ctx, enum live_news news, struct str words), void *ctx)
{
    *l = (struct live_call){ .session = s, .loop = loop, .news = news, .ctx = ctx };
    l->reaping = timer_new(loop, on_reap, l);
    l->goodbye = timer_new(loop, on_goodbye, l);
}

void live_call_deinit(struct live_call *l)
{
    media_free(l->process);
    timer_free(l->reaping);
    timer_free(l->goodbye);
    arena_deinit(&l->arena);
}

/* Everything of the call before is forgotten, its process killed if it still ends. */
static void renew(struct live_call *l)
{
    struct live_call fresh = { .loop = l->loop,
                               .session = l->session,
                               .news = l->news,
                               .ctx = l->ctx,
                               .play = l->play,
                               .record = l->record,
                               .reaping = l->reaping,
                               .goodbye = l->goodbye };

    timer_stop(l->reaping);
    timer_stop(l->goodbye);
    media_free(l->process);
    arena_deinit(&l->arena);
    *l = fresh;
}

bool live_call_is_on(const struct live_call *l)
{
    return l->id.n > 0 && !l->over && !l->left;
}

bool live_call_is_gone(const struct live_call *l)
{
    return l->id.n == 0 || (l->over && (l->process == NULL || l->process_over));
}

uint64_t live_call_seconds(const struct live_call *l)
{
    return l->connected_ms > 0 ? (clock_steady_ms() - l->connected_ms) / 1000 : 0;
}

static struct engine *engine(struct live_call *l)
{
    struct engine *out = session_engine(l->session);

    engine_now(out, clock_wall_ms());
    return out;
}

/* ---- The media process ------------------------------------------------------------------------------ */

static void on_described(void *ctx, struct str sdp)
{
    struct live_call *l = ctx;
    const char *why = NULL;
    struct arena a = { 0 };

    if (call_describe(engine(l), l->id, sdp, &why) != ERR_NONE)
        live_call_leave(l, "failed-application",
                        arena_printf(&a, "sotto-media has described what cannot be sent: %s.",
                                     why != NULL ? why : "it came late"));
    arena_deinit(&a);
}

static void on_connected(void *ctx)
{
    struct live_call *l = ctx;
    struct call_info info;

    if (call_connected(engine(l), l->id) != ERR_NONE || l->connected_ms > 0)
        return;
    l->connected_ms = clock_steady_ms();
    if (call_find(engine(l), l->id, &info))
        l->trust = info.trust;
    l->news(l->ctx, LIVE_CONNECTED, STR_NONE);
}

static void on_heard(void *ctx)
{
    struct live_call *l = ctx;

    l->news(l->ctx, LIVE_HEARD, STR_NONE);
}

static void on_quality(void *ctx, const struct media_quality *q)
{
    struct live_call *l = ctx;

    l->quality = *q;
    l->measured = true;
    l->news(l->ctx, LIVE_QUALITY, STR_NONE);
}

static void on_noted(void *ctx, struct str what)
{
    struct live_call *l = ctx;

    l->news(l->ctx, LIVE_NOTED, what);
}

/* The other side's goodbye may come by the media first: what it says by its server is on the way, and to be answered with the same
 * would only cross it. */
static void on_over(void *ctx, const struct media_fault *fault)
{
    struct live_call *l = ctx;

    l->process_over = true;
    l->fault = arena_str(&l->arena, fault->code);
    if (l->connected_ms > 0 && l->fault.n == 0 && fault->words.n == 0 && live_call_is_on(l))
        timer_start(l->goodbye, GOODBYE_MS);
    else
        live_call_leave(l,
                        fault->impostor      ? "security-error"
                        : fault->words.n > 0 ? "media-error"
                                             : NULL,
                        fault->words);
    reap(l);
}

static const struct media_handlers media_events = { on_described, on_connected, on_heard,
                                                    on_quality,   on_noted,     on_over };

static void start_media(struct live_call *l, bool offers)
{
    struct media_options o = { .play = l->play,
                               .record = l->record,
                               .offers = offers,
                               .video = (l->media & JINGLE_VIDEO) != 0 };
    struct str why = STR_NONE;

    if (media_new(l->loop, &o, &media_events, l, &l->arena, &l->process, &why) != ERR_NONE)
        live_call_leave(l, "media-error", why);
}

void live_call_mute(struct live_call *l, bool on)
{
    if (l->process == NULL || !live_call_is_on(l))
        return;
    media_mute(l->process, on);
    l->muted = on;
}

/* ---- Beginning -------------------------------------------------------------------------------------- */

enum err live_call_begin(struct live_call *l, const struct jid *whom, unsigned media)
{
    struct str id;
    enum err e;

    if (live_call_is_on(l))
        return ERR_CONFLICT;
    renew(l);
    e = call_begin(engine(l), &l->arena, whom, media, &id);
    if (e != ERR_NONE)
        return e;
    l->id = id;
    l->peer = jid_text(&l->arena, whom);
    l->media = media;
    return ERR_NONE;
}

static void take(struct live_call *l, const struct call_info *info)
{
    struct arena a = { 0 };
    struct str id = arena_str(&a, info->id), peer = arena_str(&a, info->peer);

    renew(l);
    l->id = arena_str(&l->arena, id);
    l->peer = arena_str(&l->arena, peer);
    l->media = info->media;
    arena_deinit(&a);
}

/* Who answers one whom they call themselves is not waiting for an answer any more: the engine takes that back. */
enum err live_call_answer(struct live_call *l, const struct call_info *info)
{
    enum err e;

    if (live_call_is_on(l) && (l->process != NULL || !str_eq(l->peer, info->peer)))
        return ERR_CONFLICT;
    take(l, info);
    e = call_answer(engine(l), l->id);
    if (e != ERR_NONE)
        l->id = STR_NONE;
    return e;
}

void live_call_decline(struct live_call *l, const struct call_info *info)
{
    take(l, info);
    live_call_leave(l, NULL, STR_NONE);
}

/* ---- Ending ----------------------------------------------------------------------------------------- */

static void over(struct live_call *l, struct str why)
{
    if (l->over)
        return;
    l->over = true;
    timer_stop(l->goodbye);
    if (l->process != NULL)
        media_stop(l->process);
    l->news(l->ctx, LIVE_OVER, why);
    reap(l);
}

void live_call_leave(struct live_call *l, const char *reason, struct str why)
{
    struct arena a = { 0 };
    struct str words = arena_str(&a, why);

    if (live_call_is_on(l)) {
        l->left = true;
        if (l->process != NULL)
            media_stop(l->process);
        l->news(l->ctx, LIVE_LEAVES, words);
        if (call_end(engine(l), l->id, reason, words) != ERR_NONE)
            over(l, STR_NONE); /* the engine has none, so it will not tell */
    }
    arena_deinit(&a);
}

bool live_call_event(struct live_call *l, const struct engine_event *e)
{
    if (l->id.n == 0 || !str_eq(e->entry.id, l->id))
        return false;
    l->media = e->call_media;
    l->trust = e->entry.trust;
    switch (e->call) {
    case CALL_COMES: break;
    case CALL_RINGS_THERE: l->news(l->ctx, LIVE_RINGS, STR_NONE); break;
    case CALL_IS_ANSWERED:
        l->news(l->ctx, LIVE_ANSWERED, STR_NONE);
        if (live_call_is_on(l))
            start_media(l, e->entry.outgoing);
        break;
    case CALL_IS_DESCRIBED:
        if (l->process != NULL)
            media_remote(l->process, e->text);
        break;
    case CALL_IS_OVER: over(l, l->left ? STR_NONE : e->text); break;
    }
    return true;
}
