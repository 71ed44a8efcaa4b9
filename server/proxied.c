/* proxied.c: see proxied.h. */
#include "server/proxied.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/peek.h"
#include "io/watch.h"
#include "server/log.h"
#include "server/proxy_header.h"

enum { PROXIED_WAIT_MS = 5 * 1000, TELL_AGAIN_MS = 60 * 1000 };

struct proxied {
    struct link link; /* in worker->proxied */
    struct door *door;
    struct visitor visitor;
    proxied_known *known;
    struct watch *watch;
    struct timer *deadline;
    size_t seen; /* octets */
};

static void free_proxied(struct proxied *p)
{
    struct worker *w = p->door->worker;

    watch_free(p->watch);
    timer_free(p->deadline);
    if (p->visitor.fd >= 0)
        close(p->visitor.fd);
    list_remove(&p->link);
    mem_free(p);
    worker_end_if_empty(w);
}

/* A proxy that is set up wrongly is so each time. */
static void refuse(struct proxied *p, const char *why)
{
    struct worker *w = p->door->worker;
    uint64_t now_ms = clock_steady_ms();

    if (w->proxy_told_ms == 0 || now_ms - w->proxy_told_ms >= TELL_AGAIN_MS) {
        w->proxy_told_ms = now_ms;
        LOG(w->group->boot->log, WARN, "proxy.refused", log_text("why", str_from(why)),
            log_text("key", STR("listen.proxy_from")));
    }
    free_proxied(p);
}

/* They are there: they were looked at. */
static bool read_header(int fd, size_t size)
{
    uint8_t octets[PROXY_HEADER_MAX];

    return recv(fd, octets, size, MSG_DONTWAIT) == (ssize_t)size;
}

static void let_in(struct proxied *p, const struct proxy_header *h)
{
    struct visitor v = p->visitor;
    struct door *door = p->door;
    proxied_known *known = p->known;

    p->visitor.fd = -1;
    free_proxied(p);

    if (h->has_source) {
        memcpy(v.from.ip, h->ip, sizeof v.from.ip);
        v.from.port = h->port;
    }
    peek_wake_at(v.fd, 1);
    worker_enter(door->worker);
    known(door, &v);
}

static void on_socket(void *ctx, bool readable, bool writable)
{
    struct proxied *p = ctx;
    uint8_t first[PROXY_HEADER_MAX];
    struct proxy_header h;
    int n = peek_at(p->visitor.fd, first, sizeof first);

    (void)readable;
    (void)writable;
    if (n < 0)
        return;
    switch (proxy_header_read(bytes_of(first, (size_t)n), &h)) {
    case PROXY_MORE:
        if ((size_t)n <= p->seen) { /* it has gone: perhaps to see whether somebody listens */
            free_proxied(p);
            return;
        }
        p->seen = (size_t)n;
        peek_wake_at(p->visitor.fd, h.size);
        return;
    case PROXY_BROKEN: refuse(p, "a proxy sends no header of the PROXY protocol"); return;
    case PROXY_WHOLE: break;
    }
    if (read_header(p->visitor.fd, h.size))
        let_in(p, &h);
    else
        free_proxied(p);
}

static void too_late(void *ctx)
{
    refuse(ctx, "a proxy did not say in time for whom it comes");
}

bool proxied_is_expected(const struct door *door, const struct visitor *v)
{
    const struct config *config = door->worker->group->boot->config;

    return door->kind != LISTEN_COMPONENT
           && cidr_list_holds(&config->listen.proxy_from, v->from.ip);
}

void proxied_accept(struct door *door, const struct visitor *v, proxied_known *known)
{
    struct worker *w = door->worker;
    struct proxied *p = mem_alloc(sizeof *p);

    p->door = door;
    p->visitor = *v;
    p->known = known;
    list_add(&w->proxied, &p->link);
    p->deadline = timer_new(w->loop, too_late, p);
    timer_start(p->deadline, PROXIED_WAIT_MS);
    p->watch = watch_new(w->loop, v->fd, on_socket, p);
    if (p->watch != NULL)
        watch_set(p->watch, true, false);
    else
        free_proxied(p);
}

void proxied_end(struct worker *w)
{
    LIST_EACH (&w->proxied, l)
        free_proxied(LIST_ENTRY(l, struct proxied, link));
}
