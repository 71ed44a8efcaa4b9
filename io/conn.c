/* conn.c: life of a connection: it comes, is watched, is shut politely or not, leaves for another loop. */
#include "io/conn_inside.h"

#include <assert.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Unsent bytes that the kernel holds for one connection. More waits here, where blobs are shared. */
enum { UNSENT_BYTES = 128 * 1024 };

/* ---- What libuv tells --------------------------------------------------------------------------- */

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct conn *c = CONTAINER_OF(poll, struct conn, poll);

    if (status
        < 0) { /* the peer reset it; libuv has stopped watching. What came before can still be read. */
        c->watched = 0;
        events = UV_READABLE;
        if (c->paused)
            conn_end(c, ERR_IO);
    }
    if (events & UV_WRITABLE)
        conn_output(c);
    if ((events & UV_READABLE) && c->state != CONN_OVER) {
        c->knocked = c->paused;
        conn_readable(c);
    }
    conn_watch(c);
}

/* Most pauses are over before anything comes, so only what comes meanwhile ends the watch: changing it
 * takes three system calls. */
void conn_watch(struct conn *c)
{
    bool drops_input = c->state == CONN_CLOSING || c->state == CONN_LINGERING;
    bool reads = !c->eof && (drops_input || !c->knocked);
    uint8_t want = (uint8_t)((reads ? UV_READABLE : 0) | (c->full ? UV_WRITABLE : 0));

    if (c->state == CONN_OVER || want == c->watched)
        return;
    c->watched = want;
    if (want)
        uv_poll_start(&c->poll, want, on_event);
    else
        uv_poll_stop(&c->poll);
}

/* ---- Coming ------------------------------------------------------------------------------------- */

static struct peer_address peer_address_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } from = { 0 };
    socklen_t n = sizeof from;
    struct peer_address out = { { 0 }, 0 };

    if (getpeername(fd, &from.any, &n) != 0)
        return out;
    if (from.any.sa_family == AF_INET) {
        out.ip[10] = out.ip[11] = 0xff;
        memcpy(out.ip + 12, &from.v4.sin_addr, 4);
        out.port = ntohs(from.v4.sin_port);
    } else if (from.any.sa_family == AF_INET6) {
        memcpy(out.ip, &from.v6.sin6_addr, 16);
        out.port = ntohs(from.v6.sin6_port);
    }
    return out;
}

struct visitor visitor_of(int fd)
{
    return (struct visitor){ fd, peer_address_of(fd) };
}

static struct conn *conn_new(struct loop *l, int fd, const struct conn_handlers *handlers,
                             void *ctx)
{
    struct conn *c = mem_alloc(sizeof *c);
    struct hub *h = hub_of(l);

    if (uv_poll_init(loop_uv(l), &c->poll, fd) != 0) {
        mem_free(c);
        return NULL;
    }
    c->poll.data = h;
    c->hub = h;
    c->fd = fd;
    c->handlers = handlers;
    c->ctx = ctx;
    buf_init(&c->wire, WIRE_MAX);
    buf_init(&c->unread, IN_BYTES);
    return c;
}

struct conn *conn_admit(struct loop *l, const struct visitor *v,
                        const struct conn_handlers *handlers, void *ctx)
{
    struct conn *c = conn_new(l, v->fd, handlers, ctx);
    int on = 1, unsent = UNSENT_BYTES;

    if (c == NULL) {
        close(v->fd);
        return NULL;
    }
    /* Both fail on what is not TCP, such as a socket pair, and are not needed there. */
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(v->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    c->peer = v->from;
    conn_watch(c);
    return c;
}

struct conn *conn_accept(struct loop *l, int fd, const struct conn_handlers *handlers, void *ctx)
{
    struct visitor v = visitor_of(fd);

    return conn_admit(l, &v, handlers, ctx);
}

void conn_handlers(struct conn *c, const struct conn_handlers *handlers, void *ctx)
{
    c->handlers = handlers;
    c->ctx = ctx;
}

struct peer_address conn_peer(const struct conn *c)
{
    return c->peer;
}

/* ---- Input on and off --------------------------------------------------------------------------- */

void conn_pause(struct conn *c, bool paused)
{
    c->paused = paused;
    c->knocked = false;
    if (paused && c->failed)
        conn_end(c, ERR_IO); /* nobody would notice the end */
    if (!paused && c->state == CONN_OPEN && c->unread.n > 0)
        hub_owe(c);
    conn_watch(c);
}

void conn_settle(struct conn *c)
{
    if (c->owes_drained) {
        c->owes_drained = false;
        if (c->state == CONN_OPEN && conn_queued(c) == 0 && c->handlers->drained != NULL)
            c->handlers->drained(c->ctx);
    }
    if (c->state == CONN_OPEN && !c->paused && c->unread.n > 0)
        conn_feed_unread(c);
    conn_watch(c);
}

/* ---- Leaving ------------------------------------------------------------------------------------ */

void conn_drop_output(struct conn *c)
{
    blob_queue_clear(&c->queue);
    buf_deinit(&c->wire);
    c->stalled_since_ms = 0;
    c->full = false;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct conn *c = CONTAINER_OF((uv_poll_t *)handle, struct conn, poll);

    if (!c->given_away && c->handlers->closed != NULL)
        c->handlers->closed(c->ctx, c->why);
    mem_free(c);
}

/* Everything that refers to the connection forgets it; its memory stays valid until libuv's callback, so whoever
 * is further up the stack finds CONN_OVER. */
static struct str leave_loop(struct conn *c)
{
    c->state = CONN_OVER;
    timer_free(c->linger);
    uv_close((uv_handle_t *)&c->poll, on_handle_closed);
    return hub_forget(c);
}

void conn_end(struct conn *c, enum err why)
{
    if (c->state == CONN_OVER)
        return;
    c->why = (uint8_t)why;
    leave_loop(c);
    close(c->fd);
    conn_drop_output(c);
    buf_deinit(&c->unread);
    conn_tls_free(c);
}

void conn_reset(struct conn *c, enum err why)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    if (c->state != CONN_OVER)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    conn_end(c, why);
}

/* A peer that has taken everything and does not hang up is left to the kernel; of one that has not, nothing stays. */
static void on_linger(void *ctx)
{
    struct conn *c = ctx;
    int untaken = 0;

    ioctl(c->fd, SIOCOUTQ, &untaken);
    if (c->state == CONN_CLOSING || untaken > 0)
        conn_reset(c, ERR_TIMEOUT);
    else
        conn_end(c, c->why);
}

void conn_shut(struct conn *c, enum err why)
{
    if (c->state != CONN_OPEN)
        return;
    c->state = CONN_CLOSING;
    c->why = (uint8_t)why;
    buf_deinit(&c->unread);
    c->linger = timer_new(c->hub->loop, on_linger, c);
    timer_start(c->linger, LINGER_MS);
    hub_mark_dirty(c);
    conn_watch(c);
}

void conn_close(struct conn *c)
{
    conn_shut(c, ERR_NONE);
}

void conn_abort(struct conn *c)
{
    conn_reset(c, ERR_NONE);
}

/* ---- Moving to another loop --------------------------------------------------------------------- */

bool conn_detach(struct conn *c, struct conn_parcel *out)
{
    struct str input;

    if (c->state != CONN_OPEN)
        return false;
    assert(conn_queued(c) == 0);
    assert(c->context == NULL || c->secured);
    *out =
        (struct conn_parcel){ .fd = c->fd, .context = c->context, .tls = c->ssl, .peer = c->peer };
    out->unread = c->unread;
    buf_init(&c->unread, 0);
    input = leave_loop(c);
    c->given_away = true;
    buf_add(&out->unread, input); /* the rest of what was read, when called from `received` */
    conn_drop_output(c);
    if (c->ssl != NULL)
        SSL_set_bio(c->ssl, NULL, NULL);
    c->ssl = NULL;
    c->context = NULL;
    return true;
}

struct conn *conn_adopt(struct loop *l, struct conn_parcel *p, const struct conn_handlers *handlers,
                        void *ctx)
{
    struct conn *c = conn_new(l, p->fd, handlers, ctx);

    if (c == NULL) {
        conn_parcel_drop(p);
        return NULL;
    }
    c->peer = p->peer;
    c->context = p->context;
    c->ssl = p->tls;
    c->secured = c->ssl != NULL;
    c->unread = p->unread;
    if (c->ssl != NULL) {
        BIO_up_ref(c->hub->bio);
        SSL_set_bio(c->ssl, c->hub->bio, c->hub->bio);
    }
    if (c->unread.n > 0)
        hub_owe(c);
    conn_watch(c);
    *p = (struct conn_parcel){ .fd = -1 };
    return c;
}

void conn_parcel_drop(struct conn_parcel *p)
{
    if (p->fd >= 0)
        close(p->fd);
    SSL_free(p->tls);
    tls_context_unref(p->context);
    buf_deinit(&p->unread);
    *p = (struct conn_parcel){ .fd = -1 };
}
