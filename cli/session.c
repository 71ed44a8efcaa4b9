/* session.c: see session.h. After every round of the loop the engine is asked what it wants, until it wants nothing. */
#include "cli/session.h"

#include <string.h>

#include "client/call.h"

#include "cli/historian.h"

enum { QUEUED_MAX = 256 * 1024, GOODBYE_MS = 3000, TROUBLE_MAX = 4096 };

struct session {
    struct loop *loop;
    struct store *store;
    struct session_config config;
    struct engine *engine;
    struct wire *wire;
    struct courier *courier;
    struct historian *historian;
    struct timer *wake, *goodbye;
    const struct book_changes *committing; /* on a thread of the pool */
    enum err committed;
    struct list listeners; /* the first of them is `own` */
    struct session_listener own;
    struct buf trouble; /* why there is no connection; empty: there is one, or it is tried yet */
    bool distrusted;
    struct list jobs;
    struct session_job *working; /* on a thread of the pool */
    bool connected, securing, online, ending, over;
    bool news; /* something became durable that `stored` has not been told of */
};

#define EACH_LISTENER(s, link)                                                                     \
    for (struct link *link = list_first(&(s)->listeners); link != NULL;                            \
         link = list_next(&(s)->listeners, link))

static struct session_listener *listener_of(struct link *link)
{
    return LIST_ENTRY(link, struct session_listener, link);
}

/* ---- Connection ---------------------------------------------------------------------------------- */

static void connected(struct session *s, bool secured)
{
    struct arena a = { 0 };
    struct binding_data none = { { NULL, 0 }, { NULL, 0 } };

    s->connected = true;
    engine_now(s->engine, clock_wall_ms());
    engine_connected(s->engine, secured, secured ? wire_binding(s->wire, &a) : none);
    arena_deinit(&a);
}

static void on_open(void *ctx, bool secured)
{
    connected(ctx, secured);
}

static void on_secured(void *ctx)
{
    struct session *s = ctx;
    struct arena a = { 0 };

    s->securing = false;
    engine_now(s->engine, clock_wall_ms());
    engine_secured(s->engine, wire_binding(s->wire, &a));
    arena_deinit(&a);
}

static void on_received(void *ctx, struct str bytes)
{
    struct session *s = ctx;

    engine_now(s->engine, clock_wall_ms());
    engine_received(s->engine, bytes);
}

static void lost(struct session *s, struct str why, bool distrusted)
{
    buf_reset(&s->trouble);
    buf_add(&s->trouble, why);
    s->distrusted = distrusted;
    EACH_LISTENER(s, link)
    listener_of(link)->handlers->lost(listener_of(link)->ctx, why, distrusted);
}

static void on_closed(void *ctx, struct str why, bool distrusted)
{
    struct session *s = ctx;

    bool was_online = s->online;

    s->connected = s->securing = s->online = false;
    engine_now(s->engine, clock_wall_ms());
    engine_disconnected(s->engine);
    if (!s->ending && (why.n > 0 || was_online))
        lost(s, why.n > 0 ? why : STR("the server ended the session"), distrusted);
}

static const struct wire_handlers wire_events = { on_open, on_secured, on_received, on_closed };

/* ---- Commits ------------------------------------------------------------------------------------- */

static void commit(void *ctx)
{
    struct session *s = ctx;

    s->committed = store_commit(s->store, s->committing);
}

static void commit_done(void *ctx)
{
    struct session *s = ctx;

    s->committing = NULL;
    s->news = true;
    engine_now(s->engine, clock_wall_ms());
    engine_committed(s->engine, s->committed == ERR_NONE);
}

static bool begin_commit(struct session *s)
{
    if (s->committing != NULL || s->working != NULL)
        return false;
    if (s->news && s->own.handlers->stored != NULL)
        s->own.handlers->stored(s->own.ctx);
    s->news = false;
    s->committing = engine_commit(s->engine);
    if (s->committing != NULL)
        loop_offload(s->loop, commit, commit_done, s);
    return s->committing != NULL;
}

/* ---- Jobs ---------------------------------------------------------------------------------------- */

static void work(void *ctx)
{
    struct session *s = ctx;

    s->working->work(s->working->ctx, s->store);
}

static void work_done(void *ctx)
{
    struct session *s = ctx;
    struct session_job *job = s->working;

    s->working = NULL;
    job->done(job->ctx);
}

/* After commits: they are what others wait for. */
static bool begin_job(struct session *s)
{
    struct link *next;

    if (s->committing != NULL || s->working != NULL || (next = list_pop(&s->jobs)) == NULL)
        return false;
    s->working = LIST_ENTRY(next, struct session_job, link);
    loop_offload(s->loop, work, work_done, s);
    return true;
}

void session_do(struct session *s, struct session_job *job)
{
    list_add(&s->jobs, &job->link);
}

/* ---- What the engine wants ----------------------------------------------------------------------- */

static bool serve(struct session *s, uint64_t *out_wake_ms)
{
    switch (engine_wants(s->engine, out_wake_ms)) {
    case WANT_CONNECTION:
        if (s->ending || wire_is_open(s->wire))
            return false;
        wire_open(s->wire);
        return true;
    case WANT_TLS:
        if (s->securing)
            return false;
        s->securing = true;
        wire_secure(s->wire);
        return true;
    case WANT_CLOSE: wire_close(s->wire); return false;
    case WANT_NOTHING: break;
    }
    return false;
}

static bool write_output(struct session *s)
{
    struct str out = engine_output(s->engine);

    if (out.n == 0 || wire_queued(s->wire) > QUEUED_MAX)
        return false;
    wire_write(s->wire, out);
    engine_sent(s->engine, out.n);
    return true;
}

static bool show(struct session *s)
{
    struct engine_event e;
    bool any = false;

    while (engine_event(s->engine, &e)) {
        any = true;
        if (e.kind == ENGINE_ONLINE) {
            s->online = true;
            buf_reset(&s->trouble);
        }
        courier_event(s->courier, &e);
        EACH_LISTENER(s, link)
        listener_of(link)->handlers->event(listener_of(link)->ctx, &e);
    }
    return any;
}

static bool is_settled(const struct session *s)
{
    return !s->ending && s->working == NULL && engine_is_settled(s->engine);
}

/* What one does about it may make the engine want something again. */
static bool settle(struct session *s)
{
    bool was = is_settled(s);

    EACH_LISTENER(s, link)
    if (is_settled(s) && listener_of(link)->handlers->settled != NULL)
        listener_of(link)->handlers->settled(listener_of(link)->ctx);
    return was && (s->ending || !engine_is_settled(s->engine));
}

static void finish(struct session *s)
{
    s->over = true;
    timer_stop(s->wake);
    timer_stop(s->goodbye);
    loop_stop(s->loop);
}

static void turn(void *ctx)
{
    struct session *s = ctx;
    uint64_t now = clock_wall_ms(), wake = UINT64_MAX;
    bool moved = true;

    if (s->over)
        return;
    while (moved) {
        engine_now(s->engine, now);
        /* Output goes first: what waits to be closed may still have some. */
        moved = write_output(s);
        moved |= serve(s, &wake);
        moved |= show(s);
        moved |= !s->ending && courier_turn(s->courier);
        moved |= !s->ending && historian_turn(s->historian);
        moved |= begin_commit(s);
        moved |= begin_job(s);
        if (!moved)
            moved = settle(s);
    }
    if (wake != UINT64_MAX)
        timer_start(s->wake, wake > now ? wake - now : 0);
    if (s->ending && s->committing == NULL && s->working == NULL && !wire_is_open(s->wire))
        finish(s);
}

static void on_wake(void *ctx)
{
    (void)ctx; /* the round that follows does it */
}

/* The server takes its time with goodbye; what matters is on the disk. */
static void on_goodbye(void *ctx)
{
    struct session *s = ctx;

    wire_free(s->wire);
    s->wire = wire_new(s->loop, &s->config.to, s->config.tls, &wire_events, s);
    engine_disconnected(s->engine);
}

/* ---- Who listens ---------------------------------------------------------------------------------- */

static void on_file_trouble(void *ctx, struct str id, struct str why, bool distrusted)
{
    struct session *s = ctx;

    EACH_LISTENER(s, link)
    if (listener_of(link)->handlers->file_trouble != NULL)
        listener_of(link)->handlers->file_trouble(listener_of(link)->ctx, id, why, distrusted);
}

void session_join(struct session *s, struct session_listener *l)
{
    list_add(&s->listeners, &l->link);
}

void session_part(struct session_listener *l)
{
    list_remove(&l->link);
}

static void greet_with_calls(struct session *s, const struct session_listener *l)
{
    struct call_info info;

    for (size_t cursor = 0; call_next(s->engine, &cursor, &info);) {
        struct engine_event e = { .kind = ENGINE_CALL,
                                  .call = CALL_COMES,
                                  .call_media = info.media,
                                  .entry = { .trust = info.trust,
                                             .time_ms = info.began_ms,
                                             .chat = info.peer,
                                             .author = info.peer,
                                             .id = info.id } };

        if (info.side == CALL_CALLEE && info.phase <= CALL_RINGS)
            l->handlers->event(l->ctx, &e);
    }
}

void session_greet(struct session *s, const struct session_listener *l)
{
    if (s->online) {
        l->handlers->event(l->ctx, &(struct engine_event){ .kind = ENGINE_ONLINE });
        greet_with_calls(s, l);
    } else if (s->trouble.n > 0) {
        l->handlers->lost(l->ctx, buf_str(&s->trouble), s->distrusted);
    }
}

/* ---- Life ---------------------------------------------------------------------------------------- */

enum err session_new(struct loop *l, struct store *store, const struct session_config *config,
                     const struct session_handlers *handlers, void *ctx, struct session **out)
{
    struct session *s = mem_alloc(sizeof *s);
    struct engine_config about = { .jid = config->jid,
                                   .password = config->password,
                                   .by_password = config->by_password,
                                   .software = STR("Sotto"),
                                   .device = config->device,
                                   .random = config->random };
    enum err e;

    s->loop = l;
    list_init(&s->jobs);
    list_init(&s->listeners);
    s->own = (struct session_listener){ .handlers = handlers, .ctx = ctx };
    session_join(s, &s->own);
    buf_init(&s->trouble, TROUBLE_MAX);
    s->news = true;
    s->store = store;
    s->config = *config;
    s->engine = engine_new(&about);
    if (config->takes_calls)
        calls_enable(s->engine);
    s->wire = wire_new(l, &s->config.to, config->tls, &wire_events, s);
    s->wake = timer_new(l, on_wake, s);
    s->goodbye = timer_new(l, on_goodbye, s);
    if ((e = store_load(store, s->engine)) != ERR_NONE) {
        session_free(s);
        return e;
    }
    engine_start(s->engine, clock_wall_ms());
    s->courier = courier_new(
        l, &(struct courier_config){ config->folder, config->ca, s->engine, on_file_trouble, s });
    s->historian = historian_new(l, s, &s->config);
    *out = s;
    return ERR_NONE;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    courier_free(s->courier);
    historian_free(s->historian);
    wire_free(s->wire);
    timer_free(s->wake);
    timer_free(s->goodbye);
    engine_free(s->engine);
    buf_deinit(&s->trouble);
    mem_free(s);
}

struct engine *session_engine(struct session *s)
{
    return s->engine;
}

bool session_file_progress(const struct session *s, struct str id, uint64_t *out_done,
                           uint64_t *out_total)
{
    return courier_progress(s->courier, id, out_done, out_total);
}

bool session_is_online(const struct session *s)
{
    return s->online;
}

void session_run(struct session *s)
{
    loop_each_round(s->loop, turn, s);
    loop_run(s->loop);
}

void session_end(struct session *s)
{
    if (s->ending)
        return;
    s->ending = true;
    engine_stop(s->engine);
    if (!s->connected)
        wire_close(s->wire);
    timer_start(s->goodbye, GOODBYE_MS);
}
