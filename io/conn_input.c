/* conn_input.c: from the descriptor to `received`. One read of one round, so that nobody starves the others;
 * the descriptor reports again what was left in it.
 */
#include "io/conn_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { RECORD_HEADER = 5 };

/* How many of the bytes are whole records (RFC 8446 §5.1: type, version, length). What does not look like TLS
 * counts as whole: OpenSSL finds the words for it. */
static size_t whole_records(struct str in)
{
    size_t at = 0;

    while (in.n - at >= RECORD_HEADER) {
        const uint8_t *header = (const uint8_t *)in.p + at;
        size_t body = (size_t)header[3] << 8 | header[4];

        if (header[0] < 20 || header[0] > 23 || RECORD_HEADER + body > RECORD_BYTES)
            return in.n;
        if (body > in.n - at - RECORD_HEADER)
            break;
        at += RECORD_HEADER + body;
    }
    return at;
}

static void feed_plain(struct conn *c)
{
    struct hub *h = c->hub;
    struct str all = h->input;

    h->input = STR_NONE;
    c->handlers->received(c->ctx, all);
}

static void feed_tls(struct conn *c)
{
    c->hub->input_whole = whole_records(c->hub->input);
    while (c->state == CONN_OPEN && !c->paused && conn_tls_step(c))
        ;
}

/* After `received` the connection may be paused, closing, gone (CONN_OVER), or have become TLS. */
void conn_feed(struct conn *c, size_t n)
{
    struct hub *h = c->hub;

    h->fed = c;
    h->input = (struct str){ h->in, n };
    if (c->context == NULL)
        feed_plain(c);
    else
        feed_tls(c);
    if (c->state == CONN_OPEN)
        buf_add(&c->unread, h->input);
    h->fed = NULL;
    h->input_whole = 0;
}

static void unread_into_hub(struct conn *c)
{
    memcpy(c->hub->in, c->unread.p, c->unread.n);
    buf_deinit(&c->unread);
}

void conn_feed_unread(struct conn *c)
{
    size_t n = c->unread.n;

    unread_into_hub(c);
    conn_feed(c, n);
}

/* A handshake costs much more than anything else that a peer can ask for: some of them a round. */
static bool take_turn(struct conn *c)
{
    return c->context == NULL || c->secured || c->hub->handshakes++ < ROUND_HANDSHAKES;
}

static void read_and_drop(struct conn *c)
{
    ssize_t n = recv(c->fd, c->hub->in, READ_BYTES, 0);

    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    c->eof = true;
    if (c->state == CONN_LINGERING || n < 0)
        conn_end(c, n < 0 && c->why == ERR_NONE ? ERR_IO : c->why);
}

void conn_readable(struct conn *c)
{
    struct hub *h = c->hub;
    size_t before = c->unread.n, room = IN_BYTES - before;
    ssize_t n;

    if (c->state != CONN_OPEN) {
        read_and_drop(c);
        return;
    }
    if (c->paused || c->in_due.next != NULL || !take_turn(c))
        return; /* reported again in the next round */
    n = recv(c->fd, h->in + before, room < READ_BYTES ? room : READ_BYTES, 0);
    if (n > 0) {
        if (before > 0)
            unread_into_hub(c);
        conn_feed(c, before + (size_t)n);
    } else if (n == 0) {
        c->eof = true;
        conn_shut(c, c->failed ? ERR_IO : ERR_NONE);
    } else if (errno != EAGAIN && errno != EINTR) {
        conn_end(c, ERR_IO);
    }
}
