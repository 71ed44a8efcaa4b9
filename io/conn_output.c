/* conn_output.c: from the queue to the descriptor. Many small blobs become one record and one write: the queue
 * is flushed at the end of the loop's round, in pieces of PLAIN_BYTES.
 *
 * While the kernel takes nothing, blobs wait unsealed and shared; only what was already sealed is copied (`wire`).
 */
#include "io/conn_inside.h"

#include <errno.h>
#include <sys/socket.h>

enum { VIEWS = 64 };

/* ---- What the owner calls ----------------------------------------------------------------------- */

void conn_send(struct conn *c, struct blob *b)
{
    if (c->state != CONN_OPEN || c->failed) {
        blob_unref(b);
        return;
    }
    blob_queue_add(&c->queue, b);
    if (!c->full)
        hub_mark_dirty(c);
}

void conn_write(struct conn *c, struct str bytes)
{
    conn_send(c, blob_new(bytes));
}

void conn_flush(struct conn *c)
{
    if (c->full || (c->state != CONN_OPEN && c->state != CONN_CLOSING))
        return;
    list_remove(&c->in_dirty);
    conn_output(c);
}

size_t conn_queued(const struct conn *c)
{
    return c->queue.bytes + c->wire.n;
}

uint64_t conn_stalled_ms(const struct conn *c)
{
    return c->stalled_since_ms ? clock_steady_ms() - c->stalled_since_ms : 0;
}

size_t conn_memory(const struct conn *c)
{
    return sizeof *c + blob_queue_memory(&c->queue) + c->wire.room + c->unread.room
           + (c->ssl != NULL ? TLS_STATE_BYTES : 0);
}

/* ---- To the kernel ------------------------------------------------------------------------------ */

/* Nothing more can leave. What the peer sent before it went can still be read; then the descriptor reports
 * the error. */
static void output_failed(struct conn *c)
{
    c->failed = true;
    conn_drop_output(c);
    if (c->paused || c->state != CONN_OPEN)
        conn_end(c, ERR_IO);
}

/* Hands views of n bytes to the kernel; how many it took. Less than n: c->full or c->failed. */
static size_t write_views(struct conn *c, struct iovec *views, size_t count, size_t n)
{
    struct msghdr m = { .msg_iov = views, .msg_iovlen = count };
    ssize_t done = sendmsg(c->fd, &m, MSG_NOSIGNAL);
    size_t taken = done > 0 ? (size_t)done : 0;

    if (done < 0 && errno != EAGAIN && errno != EINTR) {
        output_failed(c);
        return 0;
    }
    c->full = taken < n;
    if (taken > 0 || c->stalled_since_ms == 0)
        c->stalled_since_ms = c->full ? clock_steady_ms() : 0;
    return taken;
}

static void write_wire(struct conn *c)
{
    struct iovec view = { c->wire.p, c->wire.n };

    if (c->wire.n == 0 || c->full)
        return;
    buf_consume(&c->wire, write_views(c, &view, 1, c->wire.n));
    if (c->wire.n == 0)
        buf_deinit(&c->wire);
}

void conn_put_out(struct conn *c)
{
    struct hub *h = c->hub;
    struct iovec view = { h->out, h->out_n };
    size_t taken = 0;

    if (h->out_n == 0)
        return;
    write_wire(c);
    if (!c->full && !c->failed)
        taken = write_views(c, &view, 1, h->out_n);
    if (c->full)
        buf_add(&c->wire, (struct str){ h->out + taken, h->out_n - taken });
    h->out_n = 0;
    if (c->wire.failed) /* the peer makes us answer and reads nothing */
        conn_reset(c, ERR_TOO_BIG);
}

static size_t write_queue(struct conn *c)
{
    struct iovec views[VIEWS];
    size_t count = blob_queue_views(&c->queue, views, VIEWS), n = 0, taken;

    for (size_t i = 0; i < count; i++)
        n += views[i].iov_len;
    taken = write_views(c, views, count, n);
    if (taken > 0)
        blob_queue_consume(&c->queue, taken);
    return taken;
}

/* RFC 8446 §6.1. */
static void notify(struct conn *c)
{
    if (!c->secured || c->notified)
        return;
    c->notified = true;
    conn_tls_notify(c);
}

static size_t seal_queue(struct conn *c)
{
    struct hub *h = c->hub;
    size_t sealed = 0;

    while (c->queue.bytes > 0 && h->out_n + RECORD_BYTES <= OUT_BYTES) {
        struct str plain = blob_queue_gather(&c->queue, h->gather, PLAIN_BYTES);

        if (!conn_tls_seal(c, plain)) {
            output_failed(c);
            break;
        }
        blob_queue_consume(&c->queue, plain.n);
        sealed += plain.n;
    }
    if (c->state == CONN_CLOSING && c->queue.bytes == 0)
        notify(c); /* one write for both */
    conn_put_out(c);
    return sealed;
}

/* ---- Closing ------------------------------------------------------------------------------------ */

/* Everything has left: say so in TLS, then in TCP. */
static void finish_closing(struct conn *c)
{
    notify(c);
    conn_put_out(c);
    if (c->wire.n > 0 || c->state != CONN_CLOSING)
        return;
    shutdown(c->fd, SHUT_WR);
    c->state = CONN_LINGERING;
    if (c->eof)
        conn_end(c, c->why);
}

static void output(struct conn *c)
{
    bool had = conn_queued(c) > 0;
    size_t left = ROUND_OUT_BYTES;

    c->full = false;
    write_wire(c);
    while (c->queue.bytes > 0 && left > 0 && !c->full && (c->context == NULL || c->secured)) {
        size_t n = c->context == NULL ? write_queue(c) : seal_queue(c);

        left -= n < left ? n : left;
    }
    if (c->full || c->state == CONN_OVER)
        return;
    if (c->queue.bytes > 0 && left == 0) {
        hub_mark_dirty(c);
    } else if (c->state == CONN_CLOSING) {
        finish_closing(c);
    } else if (had && conn_queued(c) == 0 && !c->failed && c->handlers->drained != NULL) {
        c->owes_drained = true;
        hub_owe(c);
    }
}

void conn_output(struct conn *c)
{
    output(c);
    conn_watch(c);
}
