/* connect.c: see connect.h. One place after the other, each for a limited time. */
#include "io/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/buf.h"
#include "io/connect_find.h"
#include "io/watch.h"

enum { PLACE_MS = 10 * 1000, WHY_MAX = 4096 };

struct connect {
    struct loop *loop;
    struct arena arena;
    struct connect_to to;
    const struct connect_handlers *handlers;
    void *ctx;
    struct places places;
    size_t next;
    uv_getaddrinfo_t lookup; /* of a given address */
    struct spot spot;
    struct buf why; /* of those that failed */
    struct watch *watch;
    struct timer *timer;
    int fd;
    bool searching, given_up; /* a thread of the pool still works on it */
};

static void give_back(struct connect *c)
{
    buf_deinit(&c->why);
    arena_deinit(&c->arena);
    mem_free(c);
}

static void stop_waiting(struct connect *c)
{
    watch_free(c->watch);
    timer_stop(c->timer);
    c->watch = NULL;
}

static void blame(struct connect *c, struct str who, const char *why)
{
    if (c->why.n > 0)
        buf_add(&c->why, STR("; "));
    buf_add(&c->why, who);
    buf_add(&c->why, STR(": "));
    buf_add(&c->why, str_from(why));
}

static void try_next(struct connect *c);

static void place_failed(struct connect *c, const char *why)
{
    stop_waiting(c);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    blame(c, c->places.list[c->next++].shown, why);
    try_next(c);
}

static void on_ready(void *ctx, bool readable, bool writable)
{
    struct connect *c = ctx;
    socklen_t n = sizeof errno;
    int error = 0, fd = c->fd;

    (void)readable, (void)writable;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
        error = errno;
    if (error != 0) {
        place_failed(c, strerror(error));
        return;
    }
    stop_waiting(c);
    c->fd = -1;
    c->handlers->connected(c->ctx, fd, c->places.list[c->next].tls);
}

static void on_timeout(void *ctx)
{
    place_failed(ctx, "no answer");
}

static bool knock(struct connect *c, const struct place *p)
{
    c->fd = socket(p->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0
        || (connect(c->fd, (const struct sockaddr *)&p->address, p->address_n) != 0
            && errno != EINPROGRESS))
        return false;
    c->watch = watch_new(c->loop, c->fd, on_ready, c);
    if (c->watch == NULL)
        return false;
    watch_set(c->watch, false, true);
    timer_start(c->timer, PLACE_MS);
    return true;
}

static bool allowed(struct connect *c, const struct place *p)
{
    if (c->handlers->allows == NULL)
        return true;
    if (p->address.ss_family == AF_INET)
        return c->handlers->allows(
            c->ctx, (const uint8_t *)&((const struct sockaddr_in *)&p->address)->sin_addr, 4);
    return p->address.ss_family == AF_INET6
           && c->handlers->allows(
               c->ctx, (const uint8_t *)&((const struct sockaddr_in6 *)&p->address)->sin6_addr, 16);
}

static void try_next(struct connect *c)
{
    while (c->next < c->places.count) {
        struct place *p = &c->places.list[c->next];

        if (!allowed(c, p)) {
            blame(c, p->shown, "its address is not allowed");
            c->next++;
            continue;
        }
        if (knock(c, p))
            return;
        blame(c, p->shown, strerror(errno));
        if (c->fd >= 0)
            close(c->fd);
        c->fd = -1;
        c->next++;
    }
    if (c->why.n == 0)
        buf_add(&c->why, c->places.why);
    c->handlers->failed(c->ctx, buf_str(&c->why));
}

static void search(void *ctx)
{
    struct connect *c = ctx;

    connect_find(&c->arena, c->to.domain, &c->places);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void found(void *ctx)
{
    struct connect *c = ctx;

    c->searching = false;
    if (c->given_up)
        give_back(c);
    else
        try_next(c);
}

/* ---- Finding ------------------------------------------------------------------------------------- */

static void looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *list)
{
    struct connect *c = CONTAINER_OF(lookup, struct connect, lookup);

    if (status == 0)
        places_add(&c->arena, &c->places, &c->spot, list);
    else
        c->places.why = arena_printf(&c->arena, "%.*s has no address (%s)", STR_ARG(c->spot.host),
                                     uv_strerror(status));
    uv_freeaddrinfo(list);
    found(c);
}

static void look_up(struct connect *c)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct arena *a = &c->arena;

    if (spot_read(c->to.address, &c->spot) == ERR_NONE
        && uv_getaddrinfo(loop_uv(c->loop), &c->lookup, looked_up,
                          arena_printf(a, "%.*s", STR_ARG(c->spot.host)).p,
                          arena_printf(a, "%u", (unsigned)c->spot.port).p, &want)
               == 0)
        return;
    c->places.why = arena_printf(a, "%.*s is no address", STR_ARG(c->to.address));
    loop_offload(c->loop, nothing, found, c);
}

struct connect *connect_new(struct loop *l, const struct connect_to *to,
                            const struct connect_handlers *handlers, void *ctx)
{
    struct connect *c = mem_alloc(sizeof *c);

    c->loop = l;
    c->handlers = handlers;
    c->ctx = ctx;
    c->fd = -1;
    c->to.domain = arena_str(&c->arena, to->domain);
    c->to.address = arena_str(&c->arena, to->address);
    c->timer = timer_new(l, on_timeout, c);
    buf_init(&c->why, WHY_MAX);
    c->searching = true;
    if (c->to.address.n > 0)
        look_up(c);
    else
        loop_offload(l, search, found, c);
    return c;
}

void connect_free(struct connect *c)
{
    if (c == NULL)
        return;
    stop_waiting(c);
    timer_free(c->timer);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->given_up = true;
    if (!c->searching)
        give_back(c);
}
