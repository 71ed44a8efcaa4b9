/* session.c: see session.h. After every round of the loop the engine is asked what it wants, until it wants nothing. */
#include "cli/session.h"

#include <string.h>

enum { QUEUED_MAX = 256 * 1024, GOODBYE_MS = 3000 };

struct session {
    struct loop *loop;
    struct store *store;
    struct session_config config;
    const struct session_handlers *handlers;
    void *ctx;
    struct engine *engine;
    struct wire *wire;
    struct timer *wake, *goodbye;
    const struct book_changes *committing; /* on a thread of the pool */
    enum err committed;
    bool connected, securing, online, ending, over;
    bool news; /* something became durable that `stored` has not been told of */
};

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

static void on_closed(void *ctx, struct str why, bool distrusted)
{
    struct session *s = ctx;

    bool was_online = s->online;

    s->connected = s->securing = s->online = false;
    engine_now(s->engine, clock_wall_ms());
    engine_disconnected(s->engine);
    if (!s->ending && (why.n > 0 || was_online))
        s->handlers->lost(s->ctx, why.n > 0 ? why : STR("the server ended the session"),
                          distrusted);
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
    if (s->committing != NULL)
        return false;
    if (s->news && s->handlers->stored != NULL)
        s->handlers->stored(s->ctx);
    s->news = false;
    s->committing = engine_commit(s->engine);
    if (s->committing != NULL)
        loop_offload(s->loop, commit, commit_done, s);
    return s->committing != NULL;
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
        if (e.kind == ENGINE_ONLINE)
            s->online = true;
        s->handlers->event(s->ctx, &e);
    }
    return any;
}

/* What is done about it may make the engine want something again. */
static bool settle(struct session *s)
{
    if (s->ending || s->handlers->settled == NULL || !engine_is_settled(s->engine))
        return false;
    s->handlers->settled(s->ctx);
    return s->ending;
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
        moved |= begin_commit(s);
        if (!moved)
            moved = settle(s);
    }
    if (wake != UINT64_MAX)
        timer_start(s->wake, wake > now ? wake - now : 0);
    if (s->ending && s->committing == NULL && !wire_is_open(s->wire))
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

/* ---- Life ---------------------------------------------------------------------------------------- */

enum err session_new(struct loop *l, struct store *store, const struct session_config *config,
                     const struct session_handlers *handlers, void *ctx, struct session **out)
{
    struct session *s = mem_alloc(sizeof *s);
    struct engine_config about = { .jid = config->jid,
                                   .password = config->password,
                                   .by_password = config->by_password,
                                   .software = STR("Sotto"),
                                   .device = STR("sotto (terminal)"),
                                   .random = config->random };
    enum err e;

    s->loop = l;
    s->news = true;
    s->store = store;
    s->config = *config;
    s->handlers = handlers;
    s->ctx = ctx;
    s->engine = engine_new(&about);
    s->wire = wire_new(l, &s->config.to, config->tls, &wire_events, s);
    s->wake = timer_new(l, on_wake, s);
    s->goodbye = timer_new(l, on_goodbye, s);
    if ((e = store_load(store, s->engine)) != ERR_NONE) {
        session_free(s);
        return e;
    }
    engine_start(s->engine, clock_wall_ms());
    *out = s;
    return ERR_NONE;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    wire_free(s->wire);
    timer_free(s->wake);
    timer_free(s->goodbye);
    engine_free(s->engine);
    mem_free(s);
}

struct engine *session_engine(struct session *s)
{
    return s->engine;
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
