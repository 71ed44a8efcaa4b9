/* anchor_link.c: datagrams to and from the anchor, and who of the homes has told all. */
#include "server/anchor_link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/passing.h"
#include "io/watch.h"

enum {
    STREAM_ROOM =
        32 * 1024, /* octets that the kernel keeps of a connection; it takes twice that for them */
    STREAMS_WAITING = 256,
};

struct waiting {
    struct link link;
    unsigned home;
    bool synced;
    int fd; /* that goes with it; -1: none */
    size_t n;
    uint8_t octets[];
};

struct anchor_link {
    struct anchor_link_host host;
    struct inbox *inbox;
    struct list out; /* what waits for the socket */
    size_t streams;  /* of that, sockets: no more than STREAMS_WAITING */
    struct watch *watch;
    int fd;         /* -1: none */
    unsigned *owed; /* per home: how often it has still to say that all is told */
    struct anchor_stats stats;
};

/* ---- Orders ----------------------------------------------------------------------------------------- */

static void post(struct anchor_link *a, unsigned home, const struct anchor_order *o, int fd)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    size_t n = anchor_write_order(room, o);
    struct waiting *w = mem_alloc(sizeof *w + n);

    w->home = home;
    w->synced = o->kind == ANCHOR_SYNCED;
    w->fd = fd;
    w->n = n;
    memcpy(w->octets, room, n);
    inbox_post(a->inbox, &w->link);
}

void anchor_link_order(struct anchor_link *a, unsigned home, const struct anchor_order *o)
{
    post(a, home, o, -1);
}

/* What the kernel keeps for a connection is late by as much as it is long; the anchor itself may not ask for less. */
void anchor_link_pass(struct anchor_link *a, int fd, const struct stun_address *peer,
                      uint64_t owner)
{
    const int room = STREAM_ROOM;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    post(a, 0, &(struct anchor_order){ .kind = ANCHOR_STREAM, .peer = *peer, .owner = owner }, fd);
}

static void waiting_free(struct waiting *w)
{
    if (w->fd >= 0)
        close(w->fd);
    mem_free(w);
}

/* False: the socket takes no more now. */
static bool send_one(struct anchor_link *a, const struct waiting *w)
{
    return passing_send(a->fd, w->octets, w->n, w->fd) >= 0
           || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static void flush(struct anchor_link *a)
{
    while (!list_empty(&a->out)) {
        struct waiting *w = LIST_ENTRY(list_first(&a->out), struct waiting, link);

        if (!send_one(a, w))
            break;
        a->streams -= w->fd >= 0;
        waiting_free(LIST_ENTRY(list_pop(&a->out), struct waiting, link));
    }
    watch_set(a->watch, true, !list_empty(&a->out));
}

static void drop_all(struct list *l)
{
    for (struct link *item; (item = list_pop(l)) != NULL;)
        waiting_free(LIST_ENTRY(item, struct waiting, link));
}

/* One SYNCED for all of them: when nobody has anything left to tell. */
static bool all_have_told(struct anchor_link *a, unsigned home)
{
    if (a->owed[home] > 0)
        a->owed[home]--;
    for (unsigned i = 0; i < a->host.homes; i++) {
        if (a->owed[i] > 0)
            return false;
    }
    return true;
}

static void orders_came(void *ctx, struct list *items)
{
    struct anchor_link *a = ctx;

    for (struct link *item; (item = list_pop(items)) != NULL;) {
        struct waiting *w = LIST_ENTRY(item, struct waiting, link);
        bool goes = !w->synced || all_have_told(a, w->home);

        if (goes && a->fd >= 0 && (w->fd < 0 || a->streams < STREAMS_WAITING)) {
            a->streams += w->fd >= 0;
            list_add(&a->out, &w->link);
        } else {
            waiting_free(w);
        }
    }
    if (a->fd >= 0)
        flush(a);
}

/* ---- Reports ---------------------------------------------------------------------------------------- */

static void tell_all(struct anchor_link *a, const struct anchor_report *r)
{
    for (unsigned i = 0; i < a->host.homes; i++)
        a->host.report(a->host.ctx, i, r);
}

static void on_ready_report(struct anchor_link *a, const struct anchor_report *r)
{
    LOG(a->host.log, INFO, "anchor.connected", log_int("places", (int64_t)r->place_count));
    a->stats.connected = true;
    a->stats.starts++;
    for (unsigned i = 0; i < a->host.homes; i++)
        a->owed[i]++;
    tell_all(a, r);
}

static void take_report(struct anchor_link *a, const struct anchor_report *r)
{
    unsigned home = (unsigned)(r->call & 0xff); /* the low octet of a call is its home */

    switch (r->kind) {
    case ANCHOR_READY: on_ready_report(a, r); return;
    case ANCHOR_TOTALS: memcpy(a->stats.totals, r->totals, sizeof r->totals); return;
    case ANCHOR_DROPPED:
        for (size_t i = 0; i < ANCHOR_DROPS; i++)
            a->stats.drops[i] += r->counts[i];
        break; /* nobody's are told to the first home */
    case ANCHOR_FLOWS:
    case ANCHOR_SILENT: break;
    }
    if (home < a->host.homes)
        a->host.report(a->host.ctx, home, r);
}

static void disconnect(struct anchor_link *a)
{
    struct anchor_report gone = { .kind = ANCHOR_READY };

    if (a->fd < 0)
        return;
    watch_free(a->watch);
    close(a->fd);
    a->watch = NULL;
    a->fd = -1;
    drop_all(&a->out);
    a->streams = 0;
    if (a->stats.connected)
        tell_all(a, &gone);
    a->stats.connected = false;
}

/* What it says is not believed blindly: it faces the network. */
static void on_socket(void *ctx, bool readable, bool writable)
{
    struct anchor_link *a = ctx;
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    struct anchor_report r;
    ssize_t n = 0;

    while (readable && (n = recv(a->fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
        if (anchor_read_report(bytes_of(room, (size_t)n), &r) != ERR_NONE) {
            LOG(a->host.log, ERROR, "anchor.malformed", log_int("octets", n));
            disconnect(a);
            return;
        }
        take_report(a, &r);
    }
    if (readable && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
        LOG(a->host.log, WARN, "anchor.lost");
        disconnect(a);
        return;
    }
    if (writable)
        flush(a);
}

/* ---- Life ------------------------------------------------------------------------------------------- */

struct anchor_link *anchor_link_new(const struct anchor_link_host *host)
{
    struct anchor_link *a = mem_alloc(sizeof *a);

    *a = (struct anchor_link){ .host = *host, .fd = -1 };
    list_init(&a->out);
    a->owed = mem_alloc(host->homes * sizeof *a->owed);
    a->inbox = inbox_new(host->loop, orders_came, a);
    return a;
}

void anchor_link_connect(struct anchor_link *a, int fd)
{
    disconnect(a);
    a->fd = fd;
    a->watch = watch_new(a->host.loop, fd, on_socket, a);
    watch_set(a->watch, true, false);
}

void anchor_link_free(struct anchor_link *a)
{
    if (a == NULL)
        return;
    a->stats.connected = false; /* the homes are gone: nobody is told */
    disconnect(a);
    inbox_free(a->inbox);
    mem_free(a->owed);
    mem_free(a);
}

const struct anchor_stats *anchor_link_stats(const struct anchor_link *a)
{
    return &a->stats;
}
