/* wire.c: see wire.h. */
#include "cli/wire.h"

struct wire {
    struct loop *loop;
    const struct connect_to *to;
    struct tls_context *tls;
    const struct wire_handlers *handlers;
    void *ctx;
    struct connect *connect; /* on the way */
    struct conn *conn;
    bool direct, closing; /* direct: TLS from the first byte */
};

struct wire *wire_new(struct loop *l, const struct connect_to *to, struct tls_context *tls,
                      const struct wire_handlers *handlers, void *ctx)
{
    struct wire *w = mem_alloc(sizeof *w);

    *w = (struct wire){ .loop = l, .to = to, .tls = tls, .handlers = handlers, .ctx = ctx };
    return w;
}

static void tell_closed(struct wire *w, struct str why, bool distrusted)
{
    w->handlers->closed(w->ctx, why, distrusted);
}

/* ---- What the connection tells ------------------------------------------------------------------- */

static void on_received(void *ctx, struct str bytes)
{
    struct wire *w = ctx;

    if (!w->closing)
        w->handlers->received(w->ctx, bytes);
}

static void on_secured(void *ctx)
{
    struct wire *w = ctx;

    if (w->closing)
        return;
    if (w->direct)
        w->handlers->open(w->ctx, true);
    else
        w->handlers->secured(w->ctx);
}

static struct str in_words(struct arena *a, const struct wire *w, enum err why)
{
    switch (why) {
    case ERR_NONE: return STR_NONE;
    case ERR_DENIED:
        return arena_printf(a,
                            "the server's certificate is not one for %.*s that this machine trusts "
                            "(%.*s); --ca FILE names another one to trust",
                            STR_ARG(w->to->domain), STR_ARG(conn_distrust(w->conn)));
    case ERR_MALFORMED: return STR("the server broke off TLS, or does not speak it");
    case ERR_IO: return STR("the connection broke");
    case ERR_TIMEOUT: return STR("the server took no more output");
    default: return arena_printf(a, "the connection failed: %s", err_text(why));
    }
}

static void on_closed(void *ctx, enum err why)
{
    struct wire *w = ctx;
    struct arena a = { 0 };
    struct str text = in_words(&a, w, why);

    if (text.n == 0 && !w->closing)
        text = STR("the server closed the connection");
    w->conn = NULL;
    tell_closed(w, w->closing ? STR_NONE : text, why == ERR_DENIED);
    arena_deinit(&a);
}

static const struct conn_handlers conn_events = { on_received, on_secured, NULL, on_closed };

/* ---- The way there ------------------------------------------------------------------------------- */

static void on_connected(void *ctx, int fd, bool tls)
{
    struct wire *w = ctx;

    connect_free(w->connect);
    w->connect = NULL;
    w->direct = tls;
    w->conn = conn_accept(w->loop, fd, &conn_events, w);
    if (w->conn == NULL)
        tell_closed(w, STR("this machine has no room for another connection"), false);
    else if (tls)
        conn_start_tls_client(w->conn, w->tls, w->to->domain);
    else
        w->handlers->open(w->ctx, false);
}

static void on_failed(void *ctx, struct str why)
{
    struct wire *w = ctx;
    struct arena a = { 0 };

    why = arena_str(&a, why);
    connect_free(w->connect);
    w->connect = NULL;
    tell_closed(w, why, false);
    arena_deinit(&a);
}

static const struct connect_handlers connect_events = { .connected = on_connected,
                                                        .failed = on_failed };

void wire_open(struct wire *w)
{
    w->closing = false;
    w->connect = connect_new(w->loop, w->to, &connect_events, w);
}

bool wire_is_open(const struct wire *w)
{
    return w->connect != NULL || w->conn != NULL;
}

void wire_secure(struct wire *w)
{
    if (w->conn != NULL)
        conn_start_tls_client(w->conn, w->tls, w->to->domain);
}

void wire_write(struct wire *w, struct str bytes)
{
    if (w->conn != NULL)
        conn_write(w->conn, bytes);
}

size_t wire_queued(const struct wire *w)
{
    return w->conn != NULL ? conn_queued(w->conn) : 0;
}

struct binding_data wire_binding(struct wire *w, struct arena *a)
{
    return conn_binding(w->conn, a);
}

void wire_close(struct wire *w)
{
    connect_free(w->connect);
    w->connect = NULL;
    if (w->conn == NULL || w->closing)
        return;
    w->closing = true;
    conn_close(w->conn);
}

void wire_free(struct wire *w)
{
    static const struct conn_handlers deaf;

    if (w == NULL)
        return;
    connect_free(w->connect);
    if (w->conn != NULL) {
        conn_handlers(w->conn, &deaf, NULL);
        conn_abort(w->conn);
    }
    mem_free(w);
}
