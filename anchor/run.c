/* run.c: one loop: wait, take orders, take datagrams, tick, report. */
#include "anchor/run.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "anchor/core.h"
#include "anchor/link.h"
#include "anchor/streams.h"
#include "io/loop.h"
#include "io/udp.h"

enum {
    CALLS_MAX = 16 * 1024, /* what is not used of their memory is never touched */
    LEGS_MAX = 3 * CALLS_MAX,
    ROUNDS = 8, /* batches of one socket before the others have their turn */
};

/* What is waited for. */
enum {
    AWAITS_SUPERVISOR,
    AWAITS_LINK,
    AWAITS_STREAMS,
    AWAITS_SOCKETS,
    AWAITS = AWAITS_SOCKETS + 2 * ANCHOR_PLACES
};

struct run {
    struct run_config config;
    struct core *core;
    struct udp *udp;
    struct streams *streams;
    int epoll;
    int link; /* -1: none */
    bool told_places;
    bool has_pending;  /* a report that the link did not take */
    bool link_is_full; /* until the next tick */
    struct anchor_report pending;
    uint64_t tick_ms;
    uint64_t now_ms;
    bool orphaned;
};

static void await(const struct run *r, int fd, uint32_t what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = what };

    epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event); /* one that is closed is forgotten by itself */
}

struct run *run_new(const struct run_config *config)
{
    struct run *r = mem_alloc(sizeof *r);
    struct core_config core = { .calls = CALLS_MAX, .legs = LEGS_MAX, .random = config->random };

    *r = (struct run){ .config = *config, .link = -1 };
    r->core = core_new(&core);
    r->udp = udp_new(config->fds, 2 * config->place_count);
    r->streams = streams_new(r->core);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    await(r, config->supervisor, AWAITS_SUPERVISOR);
    for (uint32_t i = 0; i < 2 * config->place_count; i++)
        await(r, config->fds[i], AWAITS_SOCKETS + i);
    await(r, streams_fd(r->streams), AWAITS_STREAMS);
    return r;
}

void run_free(struct run *r)
{
    if (r->link >= 0)
        close(r->link);
    streams_free(r->streams);
    if (r->epoll >= 0)
        close(r->epoll);
    core_free(r->core);
    udp_free(r->udp);
    mem_free(r);
}

/* ---- Datagrams -------------------------------------------------------------------------------------- */

/* `lasting`: the packet that came stays as it is until udp_flush(). */
static void send_all(struct run *r, bool lasting)
{
    size_t count;
    const struct core_send *sends = core_sends(r->core, &count);

    for (size_t i = 0; i < count; i++) {
        const struct route *to = &sends[i].to;

        if (to->stream != 0)
            streams_send(r->streams, to->stream, sends[i].packet);
        else
            udp_send(r->udp, to->port, &to->peer, sends[i].packet, sends[i].forwarded && lasting);
    }
}

static void on_packet(void *ctx, unsigned socket, const struct stun_address *from,
                      struct bytes packet)
{
    struct run *r = ctx;
    struct route route = { .peer = *from, .port = (uint8_t)socket };

    core_packet(r->core, &route, packet, r->now_ms);
    send_all(r, true);
}

static void on_framed(void *ctx, const struct route *from, struct bytes packet)
{
    struct run *r = ctx;

    core_packet(r->core, from, packet, r->now_ms);
    send_all(r, false);
}

static void take_packets(struct run *r, unsigned socket)
{
    for (unsigned i = 0; i < ROUNDS && udp_receive(r->udp, socket, on_packet, r); i++)
        continue;
}

static void take_streams(struct run *r)
{
    streams_receive(r->streams, on_framed, r);
    udp_flush(r->udp);
}

/* ---- The link --------------------------------------------------------------------------------------- */

static void close_link(struct run *r)
{
    if (r->link < 0)
        return;
    close(r->link);
    r->link = -1;
    core_link_down(r->core, r->now_ms);
}

static void report(struct run *r)
{
    if (r->link < 0 || r->link_is_full)
        return;
    if (!r->told_places) {
        struct anchor_report ready = { .kind = ANCHOR_READY, .place_count = r->config.place_count };

        for (size_t i = 0; i < ready.place_count; i++)
            ready.places[i] = r->config.places[i];
        r->told_places = link_report(r->link, &ready);
    }
    while (r->has_pending || core_next_report(r->core, &r->pending)) {
        r->has_pending = !r->told_places || !link_report(r->link, &r->pending);
        r->link_is_full = r->has_pending;
        if (r->has_pending)
            return;
    }
}

/* Another server process, or the first one: what the last one was told is not known to it. */
static void take_links(struct run *r)
{
    int fd;
    enum heard_link heard;

    while ((heard = link_receive_fd(r->config.supervisor, &fd)) == LINK_SOMETHING) {
        close_link(r);
        r->link = fd;
        r->told_places = r->link_is_full = false;
        await(r, fd, AWAITS_LINK);
        core_link_up(r->core, r->now_ms);
    }
    r->orphaned = heard == LINK_GONE;
}

static void take_orders(struct run *r)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    struct anchor_order o;
    enum heard_link heard;
    int fd;

    while ((heard = link_receive(r->link, room, &o, &fd)) == LINK_SOMETHING) {
        if (o.kind == ANCHOR_STREAM)
            streams_take(r->streams, fd, &o, r->now_ms);
        core_order(r->core, &o, r->now_ms);
        send_all(r, false);
    }
    udp_flush(r->udp);
    if (heard == LINK_GONE)
        close_link(r);
}

/* ---- The loop --------------------------------------------------------------------------------------- */

static bool is_idle(const struct run *r)
{
    return core_is_idle(r->core) && streams_is_idle(r->streams);
}

static void tick(struct run *r)
{
    bool more;

    if (r->now_ms < r->tick_ms)
        return;
    r->tick_ms = r->now_ms + core_tick_ms(r->core);
    r->link_is_full = false;
    if (is_idle(r))
        return;
    streams_tick(r->streams, r->now_ms);
    do {
        more = core_tick(r->core, r->now_ms);
        send_all(r, false);
        udp_flush(r->udp);
        report(r);
    } while (more);
}

static int wait_ms(const struct run *r)
{
    if (is_idle(r) && !r->has_pending)
        return -1; /* nobody is woken for nothing */
    return r->tick_ms > r->now_ms ? (int)(r->tick_ms - r->now_ms) : 0;
}

static void wait_once(struct run *r)
{
    struct epoll_event events[AWAITS];
    bool ready[AWAITS] = { false };
    int count = epoll_wait(r->epoll, events, AWAITS, wait_ms(r));

    for (int i = 0; i < count; i++)
        ready[events[i].data.u32] = true;
    r->now_ms = clock_steady_ms();
    if (ready[AWAITS_SUPERVISOR])
        take_links(r);
    else if (ready[AWAITS_LINK])
        take_orders(r);
    for (unsigned i = 0; i < 2 * r->config.place_count; i++) {
        if (ready[AWAITS_SOCKETS + i])
            take_packets(r, i);
    }
    if (ready[AWAITS_STREAMS])
        take_streams(r);
    tick(r);
    report(r);
}

void run_until_orphaned(struct run *r)
{
    r->now_ms = clock_steady_ms();
    while (!r->orphaned)
        wait_once(r);
}
