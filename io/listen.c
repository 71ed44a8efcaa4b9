/* listen.c: binds addresses for many workers, accepts for one. */
#include "io/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    BACKLOG = 4096,     /* the kernel cuts it to net.core.somaxconn */
    ROUND_ACCEPTS = 32, /* then the connections there are have their turn */
    BACK_OFF_MS = 100,  /* without descriptors or memory */
};

/* ---- Addresses ---------------------------------------------------------------------------------- */

struct endpoint {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;
    socklen_t n;
};

static bool parse_host(struct str host, struct endpoint *out)
{
    char text[INET6_ADDRSTRLEN];
    bool v6 = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

    if (v6)
        host = str_slice(host, 1, host.n - 2);
    if (host.n == 0 || host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    out->n = v6 ? sizeof out->to.v6 : sizeof out->to.v4;
    out->to.any.sa_family = v6 ? AF_INET6 : AF_INET;
    return inet_pton(out->to.any.sa_family, text,
                     v6 ? (void *)&out->to.v6.sin6_addr : (void *)&out->to.v4.sin_addr)
           == 1;
}

static void set_port(struct endpoint *e, uint16_t port)
{
    if (e->to.any.sa_family == AF_INET6)
        e->to.v6.sin6_port = htons(port);
    else
        e->to.v4.sin_port = htons(port);
}

static uint16_t get_port(const struct endpoint *e)
{
    return ntohs(e->to.any.sa_family == AF_INET6 ? e->to.v6.sin6_port : e->to.v4.sin_port);
}

static bool parse(struct str address, struct endpoint *out)
{
    size_t colon = str_find_last(address, ':');
    uint64_t port;

    *out = (struct endpoint){ 0 };
    if (colon == address.n
        || str_to_u64(str_skip(address, colon + 1), UINT16_MAX, &port) != ERR_NONE)
        return false;
    if (!parse_host(str_slice(address, 0, colon), out))
        return false;
    set_port(out, (uint16_t)port);
    return true;
}

/* ---- Binding ------------------------------------------------------------------------------------ */

/* A bound socket, or -1 with errno. */
static int bind_one(const struct endpoint *at, bool shared)
{
    int on = 1, saved,
        fd = socket(at->to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
               sizeof on); /* connections of our last run may linger */
    if (at->to.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if ((!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0)
        && bind(fd, &at->to.any, at->n) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* SO_REUSEPORT would let a second server in beside the first, so one socket asks without it. */
static bool is_free(const struct endpoint *at)
{
    int fd = bind_one(at, false);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool open_all(struct endpoint *at, unsigned count, int *fds)
{
    for (unsigned i = 0; i < count; i++) {
        fds[i] = bind_one(at, true);
        if (fds[i] < 0)
            return false;
        if (i == 0
            && getsockname(fds[0], &at->to.any, &at->n) != 0) /* port 0 has become a real one */
            return false;
        if (listen(fds[i], BACKLOG) != 0)
            return false;
    }
    return true;
}

static enum err explain(struct str address, struct str *why, struct arena *a)
{
    switch (errno) {
    case EADDRINUSE:
        *why = arena_printf(a, "%.*s is in use: another server listens there", STR_ARG(address));
        return ERR_EXISTS;
    case EACCES:
        *why = arena_printf(a, "%.*s may not be used: ports below 1024 need CAP_NET_BIND_SERVICE",
                            STR_ARG(address));
        return ERR_DENIED;
    case EADDRNOTAVAIL:
        *why = arena_printf(a, "%.*s is not an address of this machine", STR_ARG(address));
        return ERR_MISSING;
    default:
        *why = arena_printf(a, "cannot listen on %.*s: %s", STR_ARG(address), strerror(errno));
        return ERR_IO;
    }
}

enum err listen_bind(struct str address, unsigned count, int *out_fds, uint16_t *out_port,
                     struct str *why, struct arena *why_arena)
{
    struct endpoint at;
    enum err e;

    if (!parse(address, &at)) {
        *why = arena_printf(
            why_arena, "\"%.*s\" is not an address and port such as 127.0.0.1:5222 or [::1]:5222",
            STR_ARG(address));
        return ERR_MALFORMED;
    }
    for (unsigned i = 0; i < count; i++)
        out_fds[i] = -1;
    if ((get_port(&at) == 0 || is_free(&at)) && open_all(&at, count, out_fds)) {
        *out_port = get_port(&at);
        return ERR_NONE;
    }
    e = explain(address, why, why_arena);
    for (unsigned i = 0; i < count; i++)
        if (out_fds[i] >= 0)
            close(out_fds[i]);
    return e;
}

/* ---- Accepting ---------------------------------------------------------------------------------- */

struct listener {
    uv_poll_t poll;
    struct timer *back_off;
    listener_accepted *accepted;
    void *ctx;
    int fd;
    int spare; /* given up to refuse somebody when there are no more */
    bool gone;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void resume(void *ctx)
{
    struct listener *l = ctx;

    uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

static void pause_accepting(struct listener *l)
{
    uv_poll_stop(&l->poll);
    timer_start(l->back_off, BACK_OFF_MS);
}

/* Without a descriptor nobody can be accepted, and who waits in the backlog would keep the socket readable for
 * ever. With the spare one we accept and hang up, so that they learn of it. */
static void refuse_one(struct listener *l)
{
    int fd;

    if (l->spare >= 0)
        close(l->spare);
    fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
}

static bool accept_one(struct listener *l)
{
    int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        l->accepted(l->ctx, fd);
        return !l->gone;
    }
    switch (errno) {
    case EAGAIN: return false;
    case EMFILE:
    case ENFILE:
        refuse_one(l);
        pause_accepting(l);
        return false;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM: /* a firewall rule */ return true;
    default: /* no memory; accept(2) also passes on errors of the network */
        pause_accepting(l);
        return false;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *l = CONTAINER_OF(poll, struct listener, poll);

    (void)events;
    if (status < 0) {
        pause_accepting(l);
        return;
    }
    for (int i = 0; i < ROUND_ACCEPTS && accept_one(l); i++)
        ;
}

struct listener *listener_new(struct loop *loop, int fd, listener_accepted *accepted, void *ctx)
{
    struct listener *l = mem_alloc(sizeof *l);
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    if (uv_poll_init(loop_uv(loop), &l->poll, fd) != 0) {
        close(fd);
        mem_free(l);
        return NULL;
    }
    l->back_off = timer_new(loop, resume, l);
    l->accepted = accepted;
    l->ctx = ctx;
    l->fd = fd;
    l->spare = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    resume(l);
    return l;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(CONTAINER_OF((uv_poll_t *)handle, struct listener, poll));
}

void listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    l->gone = true;
    timer_free(l->back_off);
    uv_close((uv_handle_t *)&l->poll, on_closed);
    close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
}
