/* http_conn.c: the state of one connection: what is read, what is in work, how long it may take. */
#include "server/web/http_conn.h"

#include <assert.h>

#include "server/doorkeeper.h"
#include "server/web/routes.h"

enum {
    HEAD_MS =
        10 * 1000, /* from the first byte of a request, or of the connection, to its last line */
    IDLE_MS = 30 * 1000,  /* between two requests */
    PIECE_MS = 30 * 1000, /* for a piece of a body */
    WRITE_MS = 60 * 1000, /* for the peer to take what was written */
    HELD_MAX = 64 * 1024, /* twice what one call of `received` brings */
};

struct http_conn {
    struct link link;
    struct web *web;
    struct conn *conn; /* NULL: gone, or a WebSocket by now */
    struct http_parser parser;
    struct buf held;           /* read and not parsed */
    struct exchange *exchange; /* in work */
    struct timer *deadline;
    struct peer peer;
    bool counted;  /* by the doorkeeper */
    bool running;  /* http_conn_run() is on the stack */
    bool flushing; /* an answer leaves; the next request waits */
    bool refused;  /* no further request */
    bool in_head;  /* a head has begun */
};

static void http_conn_run(struct http_conn *h);

/* ---- Time ------------------------------------------------------------------------------------------ */

static void http_conn_expect(struct http_conn *h, uint64_t within_ms)
{
    if (h->conn != NULL)
        timer_start(h->deadline, within_ms);
}

static void write_refusal(struct http_conn *h, unsigned status)
{
    struct buf out;

    buf_init(&out, 4096);
    http_write_head(&out, &(struct http_response){ .status = status, .last = true },
                    clock_wall_ms());
    conn_write(h->conn, buf_str(&out));
    buf_deinit(&out);
}

static void http_conn_close(struct http_conn *h)
{
    h->refused = true;
    timer_stop(h->deadline);
    conn_close(h->conn);
}

static void too_late(void *ctx)
{
    struct http_conn *h = ctx;

    if (h->conn == NULL)
        return;
    if (h->exchange != NULL || h->flushing) {
        conn_abort(h->conn);
        return;
    }
    if (h->in_head)
        write_refusal(h, 408);
    http_conn_close(h);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

static void free_if_over(struct http_conn *h)
{
    if (h->conn != NULL || h->exchange != NULL || h->running)
        return;
    if (h->counted)
        doorkeeper_leave(h->web->host.doorkeeper, h->peer, false);
    list_remove(&h->link);
    h->web->connection_count--;
    timer_free(h->deadline);
    http_parser_deinit(&h->parser);
    buf_deinit(&h->held);
    mem_free(h);
}

/* Whatever the exchange waits for will not come; it learns that by being called. */
static void wake_exchange(struct exchange *x)
{
    exchange_got *got = x->got;
    exchange_handler *sent = x->sent;

    x->got = NULL;
    x->sent = NULL;
    if (got != NULL)
        got(x, STR_NONE);
    else if (sent != NULL)
        sent(x);
}

static void http_conn_gone(struct http_conn *h)
{
    h->conn = NULL;
    timer_stop(h->deadline);
    h->running = true; /* so that both survive the call */
    if (h->exchange != NULL)
        wake_exchange(h->exchange);
    h->running = false;
    http_conn_run(h);
}

static void on_received(void *ctx, struct str bytes)
{
    struct http_conn *h = ctx;

    if (h->refused)
        return;
    buf_add(&h->held, bytes);
    assert(!h->held.failed); /* it is read only while this is empty */
    http_conn_run(h);
}

static void on_drained(void *ctx)
{
    struct http_conn *h = ctx;
    exchange_handler *sent = h->exchange != NULL ? h->exchange->sent : NULL;

    if (h->flushing) {
        h->flushing = false;
        http_conn_expect(h, IDLE_MS);
    } else if (sent != NULL) {
        h->exchange->sent = NULL;
        timer_stop(h->deadline);
        sent(h->exchange);
    }
    http_conn_run(h);
}

static void on_closed(void *ctx, enum err why)
{
    (void)why; /* a browser that goes away is no event for the log */
    http_conn_gone(ctx);
}

static const struct conn_handlers handlers = {
    .received = on_received,
    .drained = on_drained,
    .closed = on_closed,
};

static struct http_conn *http_conn_new(struct web *w)
{
    struct http_conn *h = mem_alloc(sizeof *h);

    h->web = w;
    h->deadline = timer_new(w->host.loop, too_late, h);
    http_parser_init(&h->parser);
    buf_init(&h->held, HELD_MAX);
    list_add(&w->connections, &h->link);
    w->connection_count++;
    return h;
}

void http_conn_accept(struct web *w, const struct visitor *v, struct tls_context *tls)
{
    struct http_conn *h = http_conn_new(w);

    h->conn = conn_admit(w->host.loop, v, &handlers, h);
    if (h->conn == NULL) {
        free_if_over(h);
        return;
    }
    if (tls == NULL) { /* a collector of metrics: no stranger */
        http_conn_expect(h, HEAD_MS);
        return;
    }
    h->peer = doorkeeper_peer(w->host.doorkeeper, conn_peer(h->conn).ip);
    h->counted = doorkeeper_admit(w->host.doorkeeper, h->peer, clock_wall_ms());
    if (!h->counted) { /* its address has enough of them */
        h->refused = true;
        conn_abort(h->conn);
        return;
    }
    conn_start_tls(h->conn, tls);
    http_conn_expect(h, HEAD_MS);
}

void http_conn_take(struct web *w, struct conn *conn, struct str early)
{
    struct http_conn *h = http_conn_new(w);

    h->conn = conn;
    h->peer = doorkeeper_peer(w->host.doorkeeper, conn_peer(conn).ip);
    h->counted = true;
    conn_handlers(conn, &handlers, h);
    http_conn_expect(h, HEAD_MS);
    if (early.n > 0)
        on_received(h, early);
}

void http_conn_drain(struct link *l)
{
    struct http_conn *h = LIST_ENTRY(l, struct http_conn, link);

    if (h->conn != NULL && h->exchange == NULL && !h->flushing)
        http_conn_close(h);
}

void http_conn_lost(struct link *l)
{
    http_conn_gone(LIST_ENTRY(l, struct http_conn, link));
}

/* ---- Requests -------------------------------------------------------------------------------------- */

static void exchange_start(struct http_conn *h)
{
    struct exchange *x = mem_alloc(sizeof *x);

    x->host = &h->web->host;
    x->request = &h->parser.request;
    x->connection = h;
    buf_init(&x->piece, SIZE_MAX / 2); /* by what is asked for, and one read more */
    h->exchange = x;
    h->in_head = false;
    timer_stop(h->deadline);
    if (x->host->route != NULL)
        x->host->route(x);
    else
        web_route(x);
}

static void deliver_piece(struct exchange *x)
{
    exchange_got *got = x->got;

    x->got = NULL;
    timer_stop(x->connection->deadline);
    got(x, buf_str(&x->piece));
}

/* A peer whose body we did not want in whole may take it for the next request. */
static void exchange_finish(struct http_conn *h)
{
    struct exchange *x = h->exchange;
    bool last = x->last || !x->begun;

    h->exchange = NULL;
    buf_deinit(&x->piece);
    arena_deinit(&x->arena);
    mem_free(x);
    if (h->conn == NULL)
        return;
    if (last) {
        http_conn_close(h);
        return;
    }
    h->flushing = conn_queued(h->conn) > 0;
    http_conn_expect(h, h->flushing ? WRITE_MS : IDLE_MS);
}

static void take_event(struct http_conn *h, const struct http_event *e)
{
    struct exchange *x = h->exchange;

    switch (e->kind) {
    case HTTP_MORE:
        if (x == NULL && !h->in_head && !http_parser_idle(&h->parser)) {
            h->in_head = true;
            http_conn_expect(h, HEAD_MS);
        }
        break;
    case HTTP_REQUEST: exchange_start(h); break;
    case HTTP_BODY:
        if (x->piece.n >= x->want)
            deliver_piece(x);
        break;
    case HTTP_DONE:
        if (x != NULL) {
            x->body_done = true;
            deliver_piece(x);
        }
        break;
    case HTTP_REFUSED:
        write_refusal(h, e->status);
        http_conn_close(h);
        break;
    }
}

/* True while there is something to do. */
static bool http_conn_step(struct http_conn *h)
{
    struct exchange *x = h->exchange;
    struct str in = buf_str(&h->held);
    struct http_event e;

    if (x != NULL && x->ended) {
        exchange_finish(h);
        return true;
    }
    if (h->conn == NULL || h->refused || h->flushing || (x != NULL && x->got == NULL))
        return false;
    if (x != NULL && x->body_done) {
        deliver_piece(x);
        return true;
    }
    http_parse(&h->parser, &in, &e);
    if (e.kind == HTTP_BODY)
        buf_add(&x->piece, e.body); /* which borrows from what is cut now */
    buf_consume(&h->held, h->held.n - in.n);
    take_event(h, &e);
    return e.kind != HTTP_MORE;
}

static void http_conn_run(struct http_conn *h)
{
    bool reading;

    if (h->running)
        return;
    h->running = true;
    while (http_conn_step(h))
        ;
    h->running = false;
    if (h->held.n == 0)
        buf_deinit(&h->held);
    reading = !h->flushing && (h->exchange == NULL || h->exchange->got != NULL);
    if (h->conn != NULL && !h->refused)
        conn_pause(h->conn, !reading);
    free_if_over(h);
}

/* ---- What routes call ------------------------------------------------------------------------------ */

bool exchange_gone(const struct exchange *x)
{
    return x->connection->conn == NULL;
}

struct peer exchange_peer(const struct exchange *x)
{
    return x->connection->peer;
}

void exchange_event(const struct exchange *x, const struct event *event)
{
    if (x->host->event != NULL && x->connection->conn != NULL)
        x->host->event(x->host->ctx, conn_peer(x->connection->conn).ip, event);
}

uint64_t exchange_now_ms(const struct exchange *x)
{
    (void)x;
    return clock_wall_ms();
}

static void say_continue(struct exchange *x)
{
    struct buf out;

    buf_init(&out, 256);
    http_write_interim(&out, 100, NULL, 0);
    conn_write(x->connection->conn, buf_str(&out));
    buf_deinit(&out);
}

void exchange_read(struct exchange *x, size_t want, exchange_got *got)
{
    struct http_conn *h = x->connection;
    bool first = x->want == 0;

    buf_reset(&x->piece);
    x->want = want;
    x->got = got;
    if (h->conn == NULL) {
        wake_exchange(x);
        return;
    }
    if (first && x->request->expects_continue)
        say_continue(x);
    http_conn_expect(h, PIECE_MS);
    http_conn_run(h);
}

void exchange_begin(struct exchange *x, const struct http_response *r)
{
    struct http_conn *h = x->connection;
    struct http_response response = *r;
    struct buf out;

    x->begun = true;
    x->last = r->last || x->request->last || h->web->draining || h->parser.left > 0;
    response.last = x->last;
    if (h->conn == NULL)
        return;
    buf_init(&out, SIZE_MAX / 2);
    http_write_head(&out, &response, exchange_now_ms(x));
    conn_write(h->conn, buf_str(&out));
    buf_deinit(&out);
}

void exchange_write(struct exchange *x, struct str bytes, exchange_handler *sent)
{
    struct http_conn *h = x->connection;

    x->sent = sent;
    if (h->conn == NULL) {
        wake_exchange(x);
        return;
    }
    conn_write(h->conn, bytes);
    http_conn_expect(h, WRITE_MS);
}

void exchange_end(struct exchange *x)
{
    assert(!x->ended && x->got == NULL && x->sent == NULL);
    x->ended = true;
    http_conn_run(x->connection);
}

void exchange_answer(struct exchange *x, const struct http_response *r, struct str body)
{
    struct http_response response = *r;

    response.length = body.n;
    exchange_begin(x, &response);
    if (x->request->method != HTTP_HEAD && body.n > 0 && !exchange_gone(x))
        conn_write(x->connection->conn, body);
    exchange_end(x);
}

void exchange_say(struct exchange *x, unsigned status, bool shared, struct str sentence)
{
    struct str body = arena_printf(&x->arena, "%.*s\n", STR_ARG(sentence));

    exchange_answer(x,
                    &(struct http_response){ .status = status,
                                             .type = STR("text/plain; charset=utf-8"),
                                             .shared = shared },
                    body);
}

void exchange_say_too_many(struct exchange *x, bool shared, uint64_t wait_ms)
{
    exchange_answer(x,
                    &(struct http_response){ .status = 429,
                                             .type = STR("text/plain; charset=utf-8"),
                                             .shared = shared,
                                             .last = true,
                                             .retry_ms = wait_ms },
                    STR("There were too many requests from your network. Please wait.\n"));
}

void exchange_upgrade(struct exchange *x, const struct http_field *fields, size_t count)
{
    struct http_conn *h = x->connection;
    struct conn *conn = h->conn;
    struct buf out;

    x->begun = true;
    if (conn != NULL) {
        buf_init(&out, 4096);
        http_write_interim(&out, 101, fields, count);
        conn_write(conn, buf_str(&out));
        buf_deinit(&out);
        h->conn = NULL;
        h->counted = false;
        timer_stop(h->deadline);
        x->host->websocket(x->host->ctx, conn, buf_str(&h->held));
    }
    exchange_end(x);
}
