/* turn_conn.c: octets in, packets out, and back. */
#include "server/turn_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/watch.h"
#include "rtp/frame.h"
#include "server/anchor_link.h"
#include "server/event_log.h"
#include "server/turn.h"

enum {
    STRANGER_MS = 10 * 1000, /* to an allocation */
    LOOK_MS = 30 * 1000,     /* whether it is still there */
    ANSWERS_MAX = 64 * 1024,
    QUEUED_MAX = 64 * 1024, /* what the client does not take is lost beyond that */
    READ_OCTETS = 16 * 1024,
    ALLOCATIONS = 8, /* of an account; the anchor counts those of all workers */
    REOPEN_MS = 1000,
};

struct turn_conn {
    struct link link; /* in worker->turns */
    struct worker *worker;
    struct conn *conn;
    struct turn turn;
    struct turn_rules rules;
    struct stun_address peers[TURN_PEERS];
    struct timer *look;
    struct peer peer;
    bool stranger; /* by the doorkeeper: nothing was allocated yet */

    int fd; /* our end; -1: none */
    uint64_t opened_ms;
    struct watch *watch;
    struct frame_reader in;
    struct frame_writer out;
};

static struct turn_now now_of(void)
{
    return (struct turn_now){ clock_steady_ms(), clock_wall_ms() / 1000 };
}

/* ---- The stream to the anchor ----------------------------------------------------------------------- */

static void close_stream(struct turn_conn *c)
{
    if (c->fd < 0)
        return;
    watch_free(c->watch);
    close(c->fd);
    c->watch = NULL;
    c->fd = -1;
    c->in = (struct frame_reader){ 0 };
    c->out = (struct frame_writer){ 0 };
}

static void write_out(struct turn_conn *c, struct buf *out)
{
    if (out->n > 0)
        conn_write(c->conn, buf_str(out));
    buf_deinit(out);
}

/* What the client does not take is lost, as it would be with UDP. */
static void deliver(struct turn_conn *c, struct bytes in)
{
    struct turn_now now = now_of();
    struct buf out;
    struct bytes packet;
    enum frame_verdict v;

    buf_init(&out, ANSWERS_MAX);
    while ((v = frame_next(&c->in, &in, &packet)) == FRAME_PACKET)
        if (conn_queued(c->conn) + out.n < QUEUED_MAX && !out.failed)
            (void)turn_deliver(&c->turn, packet, now, &out);
    write_out(c, &out);
    if (v == FRAME_BROKEN)
        close_stream(c); /* the anchor never says such a thing */
}

static void end_frame(struct turn_conn *c)
{
    struct bytes rest = frame_rest(&c->out);
    ssize_t n = send(c->fd, rest.p, rest.n, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n > 0)
        frame_taken(&c->out, (size_t)n);
    if (!frame_is_begun(&c->out))
        watch_set(c->watch, true, false);
}

static void on_stream(void *ctx, bool readable, bool writable)
{
    struct turn_conn *c = ctx;
    uint8_t octets[READ_OCTETS];
    ssize_t n;

    if (writable && frame_is_begun(&c->out))
        end_frame(c);
    if (!readable)
        return;
    n = recv(c->fd, octets, sizeof octets, MSG_DONTWAIT);
    if (n > 0)
        deliver(c, bytes_of(octets, (size_t)n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_stream(c); /* no call knew it any more; the next packet makes another */
}

static void open_stream(struct turn_conn *c, struct turn_now now)
{
    int pair[2];

    c->opened_ms = now.steady_ms;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    c->watch = watch_new(c->worker->loop, pair[0], on_stream, c);
    if (c->watch == NULL) {
        close(pair[0]);
        close(pair[1]);
        return;
    }
    c->fd = pair[0];
    watch_set(c->watch, true, false);
    anchor_link_pass(c->worker->group->anchor, pair[1], &c->turn.relayed, c->turn.owner);
}

static void to_anchor(struct turn_conn *c, struct bytes packet, struct turn_now now)
{
    uint8_t frame[FRAME_MAX];
    ssize_t n;

    if (c->fd < 0 && now.steady_ms - c->opened_ms >= REOPEN_MS)
        open_stream(c, now);
    if (c->fd < 0 || frame_is_begun(&c->out))
        return;
    frame_header(frame, packet.n);
    memcpy(frame + FRAME_HEADER, packet.p, packet.n);
    n = send(c->fd, frame, FRAME_HEADER + packet.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0 && (size_t)n < FRAME_HEADER + packet.n) {
        frame_keep(&c->out, packet, (size_t)n);
        watch_set(c->watch, true, true);
    }
}

/* ---- Allocations ------------------------------------------------------------------------------------ */

static size_t allocations_of(const struct worker *w, uint64_t owner)
{
    struct turn_now now = now_of();
    size_t count = 0;

    LIST_EACH (&((struct worker *)w)->turns, l) {
        const struct turn_conn *other = LIST_ENTRY(l, struct turn_conn, link);

        count += other->turn.owner == owner && turn_is_alive(&other->turn, now);
    }
    return count;
}

static void answer_allocation(struct turn_conn *c, struct turn_now now, struct buf *out)
{
    struct worker *w = c->worker;
    bool granted = allocations_of(w, c->turn.owner) < ALLOCATIONS;

    turn_grant(&c->turn, granted, now, out);
    if (!granted)
        return;
    if (c->stranger)
        doorkeeper_login(&w->doorkeeper, c->peer);
    c->stranger = false;
    close_stream(c); /* of one before, which was another source */
    open_stream(c, now);
    timer_start(c->look, LOOK_MS);
}

/* ---- Guesses ---------------------------------------------------------------------------------------- */

static void tell(struct turn_conn *c, const struct event *event)
{
    struct peer_address from = conn_peer(c->conn);

    count(&c->worker->home.counters, COUNTER_EVENTS + event->reason);
    event_log_tell(c->worker->group->events, event,
                   &(struct event_source){ .ip = from.ip, .transport = "turn" });
}

/* False: its address has guessed too often, and hears nothing more. */
static bool forgives(struct turn_conn *c, struct turn_now now)
{
    tell(c, EVENT(EVENT_CREDENTIALS));
    if (doorkeeper_forgives(&c->worker->doorkeeper, c->peer, now.steady_ms))
        return true;
    tell(c, EVENT(EVENT_LOGIN_ADDRESS));
    return false;
}

/* ---- The connection --------------------------------------------------------------------------------- */

static void on_received(void *ctx, struct str bytes)
{
    struct turn_conn *c = ctx;
    struct turn_now now = now_of();
    struct bytes in = bytes_of_str(bytes), packet;
    unsigned failures = c->turn.failures;
    enum turn_step step;
    struct buf out;

    buf_init(&out, ANSWERS_MAX);
    while ((step = turn_next(&c->turn, &in, now, &out, &packet)) != TURN_MORE
           && step != TURN_BROKEN) {
        if (step == TURN_ASKS)
            answer_allocation(c, now, &out);
        else
            to_anchor(c, packet, now);
    }
    if (c->fd >= 0 && !turn_is_alive(&c->turn, now))
        close_stream(c); /* it was given back */
    for (; failures < c->turn.failures; failures++)
        if (!forgives(c, now))
            step = TURN_BROKEN;
    if (step == TURN_BROKEN || out.failed)
        buf_deinit(&out);
    else
        write_out(c, &out);
    if (step == TURN_BROKEN || out.failed || conn_queued(c->conn) > 2 * QUEUED_MAX)
        conn_abort(c->conn);
}

static void turn_conn_free(struct turn_conn *c)
{
    struct worker *w = c->worker;

    close_stream(c);
    doorkeeper_leave(&w->doorkeeper, c->peer, c->stranger);
    timer_free(c->look);
    turn_deinit(&c->turn);
    list_remove(&c->link);
    mem_free(c);
    worker_end_if_empty(w);
}

static void on_closed(void *ctx, enum err why)
{
    (void)why;
    turn_conn_free(ctx);
}

static const struct conn_handlers handlers = {
    .received = on_received,
    .closed = on_closed,
};

static void look(void *ctx)
{
    struct turn_conn *c = ctx;

    if (turn_is_alive(&c->turn, now_of()))
        timer_start(c->look, LOOK_MS);
    else
        conn_close(c->conn);
}

/* The anchor's places over UDP: what clients are told of it, and so whom they want to reach. */
static void set_rules(struct turn_conn *c)
{
    struct worker *w = c->worker;
    const struct home *h = &w->home;

    c->rules = (struct turn_rules){
        .realm = w->group->settings->domains[0],
        .secret = bytes_of(w->group->settings->secret, sizeof w->group->settings->secret),
        .peers = c->peers,
        .random = w->host.random,
    };
    for (size_t i = 0; i < h->place_count && c->rules.peer_count < TURN_PEERS; i++)
        if (!h->places[i].tcp)
            c->peers[c->rules.peer_count++] = h->places[i].address;
}

void turn_take(struct worker *w, struct conn *conn, struct str early)
{
    struct turn_conn *c = mem_alloc(sizeof *c);
    struct peer_address from = conn_peer(conn);
    struct stun_address client = stun_address_of(from.ip, from.port);

    c->worker = w;
    c->conn = conn;
    c->fd = -1;
    list_add(&w->turns, &c->link);
    conn_handlers(conn, &handlers, c);
    c->peer = doorkeeper_peer(&w->doorkeeper, from.ip);
    set_rules(c);
    turn_init(&c->turn, &c->rules, &client);
    c->look = timer_new(w->loop, look, c);
    timer_start(c->look, STRANGER_MS);
    c->stranger = doorkeeper_admit_stranger(&w->doorkeeper, c->peer);
    if (!c->stranger || !doorkeeper_trusts(&w->doorkeeper, c->peer, clock_steady_ms()))
        conn_abort(conn);
    else if (early.n > 0)
        on_received(c, early);
}

void turn_drain(struct worker *w)
{
    LIST_EACH (&w->turns, l)
        conn_close(LIST_ENTRY(l, struct turn_conn, link)->conn);
}

void turn_free(struct worker *w)
{
    LIST_EACH (&w->turns, l)
        turn_conn_free(LIST_ENTRY(l, struct turn_conn, link));
}
