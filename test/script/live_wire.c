/* live_wire.c: connections to a live server, seen from clients: TLS over sockets that never block for long.
 *
 * A connection that is secure from the beginning goes to the port of direct TLS, others to that of STARTTLS; which it
 * is, is known at the first octet.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/script/live_inside.h"

enum { PATIENCE_MS = 5000, READ_BYTES = 16 * 1024, PLACE_BITS = 22 };

struct live_wire {
    struct link link;
    struct live *live;
    struct str address;
    int fd; /* -1: not connected yet, or not any more */
    SSL *tls;
    bool frozen, ended;
};

static void end(struct live_wire *w)
{
    w->live->stirred = true;
    SSL_free(w->tls);
    w->tls = NULL;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    w->ended = true;
}

/* ---- Connecting ------------------------------------------------------------------------------------ */

/* Each place of a script is an address of its own in 127.0.0.0/8; no name is 127.0.0.1. */
static struct in_addr place_of(struct str address)
{
    uint32_t host = 1;

    for (size_t i = 0; i < address.n; i++)
        host = (host * 31 + (uint8_t)address.p[i]) & ((1u << PLACE_BITS) - 1);
    return (struct in_addr){ htonl(INADDR_LOOPBACK - 1 + host) };
}

static bool connect_to(struct live_wire *w, unsigned port)
{
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = place_of(w->address) };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };

    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || bind(w->fd, (const struct sockaddr *)&from, sizeof from) != 0
        || connect(w->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        end(w);
    else /* nothing is on its way that stillness does not show */
        setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    return !w->ended;
}

static bool await(const struct live_wire *w, short events, int timeout_ms)
{
    struct pollfd p = { .fd = w->fd, .events = events };

    return poll(&p, 1, timeout_ms) > 0;
}

static void shake_hands(struct live_wire *w)
{
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };

    w->tls = SSL_new(w->live->tls);
    SSL_set_fd(w->tls, w->fd);
    setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (SSL_connect(w->tls) != 1)
        end(w);
}

static void *wire_open(void *ctx, struct str address)
{
    struct live *l = ctx;
    struct live_wire *w = mem_alloc(sizeof *w);

    w->live = l;
    w->address = address;
    w->fd = -1;
    w->ended = !live_start(l);
    l->stirred = true;
    list_add(&l->wires, &w->link);
    return w;
}

static void wire_secure(void *wire)
{
    struct live_wire *w = wire;

    w->live->stirred = true;
    if (!w->ended && w->tls == NULL && (w->fd >= 0 || connect_to(w, w->live->tls_port)))
        shake_hands(w);
}

/* ---- Octets ---------------------------------------------------------------------------------------- */

static ssize_t put(struct live_wire *w, struct str bytes)
{
    size_t n = 0;

    if (w->tls == NULL)
        return send(w->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    return SSL_write_ex(w->tls, bytes.p, bytes.n, &n) == 1 ? (ssize_t)n : -1;
}

static void wire_write(void *wire, struct str bytes)
{
    struct live_wire *w = wire;

    w->live->stirred = true;
    if (!w->ended && w->fd < 0)
        (void)connect_to(w, w->live->port);
    while (!w->ended && bytes.n > 0 && await(w, POLLOUT, PATIENCE_MS)) {
        ssize_t n = put(w, bytes);

        if (n <= 0)
            return; /* what it said before it ended can still be read */
        bytes = str_skip(bytes, (size_t)n);
    }
}

/* What is there, without waiting; 0: nothing; -1: the server has ended it. */
static ssize_t take(struct live_wire *w, char *room)
{
    size_t n = 0;

    if (w->tls == NULL || SSL_pending(w->tls) == 0) {
        if (!await(w, POLLIN, 0))
            return 0;
    }
    if (w->tls == NULL) {
        ssize_t came = recv(w->fd, room, READ_BYTES, 0);

        return came > 0 ? came : -1;
    }
    if (SSL_read_ex(w->tls, room, READ_BYTES, &n) == 1)
        return (ssize_t)n;
    return SSL_get_error(w->tls, 0) == SSL_ERROR_WANT_READ ? 0 : -1;
}

static bool wire_read(void *wire, struct buf *in)
{
    struct live_wire *w = wire;
    char room[READ_BYTES];
    ssize_t n = 0;

    if (w->frozen || (w->fd < 0 && !w->ended))
        return true;
    while (!w->ended && (n = take(w, room)) > 0) {
        buf_add(in, (struct str){ room, (size_t)n });
        w->live->stirred |= n == READ_BYTES; /* it may have waited for room */
    }
    if (n < 0)
        end(w);
    return !w->ended;
}

/* ---- The rest -------------------------------------------------------------------------------------- */

static void wire_freeze(void *wire, bool frozen)
{
    ((struct live_wire *)wire)->frozen = frozen;
}

static void wire_cut(void *wire)
{
    end(wire);
}

static bool wire_settle(void *ctx, void *wire)
{
    struct live *l = ctx;
    const struct live_wire *w = wire;

    if (l->pid > 0 && l->stirred)
        live_wait_still(l->pid);
    l->stirred = false;
    return w->ended || (!w->frozen && w->fd >= 0 && await(w, POLLIN, 0));
}

static bool wire_await(void *wire)
{
    const struct live_wire *w = wire;

    return !w->ended && !w->frozen && w->fd >= 0 && await(w, POLLIN, PATIENCE_MS);
}

const struct transport_ops live_transport_ops = {
    .open = wire_open,
    .secure = wire_secure,
    .write = wire_write,
    .read = wire_read,
    .freeze = wire_freeze,
    .cut = wire_cut,
    .settle = wire_settle,
    .await = wire_await,
};

void live_wires_free(struct live *l)
{
    for (struct link *link; (link = list_pop(&l->wires)) != NULL;) {
        struct live_wire *w = LIST_ENTRY(link, struct live_wire, link);

        end(w);
        mem_free(w);
    }
}
