/* streams.c: sockets, frames, and who has to go. */
#include "anchor/streams.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ROUND_STREAMS = 64,
    READ_OCTETS = 16 * 1024, /* of one in one round */
};

struct stream {
    int fd;
    uint32_t number; /* its place, and above that how many there were before */
    struct stun_address peer;
    uint64_t owner;
    uint64_t born_ms, look_ms; /* when to look whether a call knows it */
    size_t octets;
    bool known; /* by a call, once */
    struct frame_reader in;
    struct frame_writer out;
};
_Static_assert(sizeof(struct stream) <= STREAM_OCTETS, "as is said of it");

struct streams {
    struct core *core;
    int epoll;
    uint32_t serial;
    struct stream *places[CORE_STREAMS];
    size_t count;
    uint64_t now_ms;
    uint8_t octets[READ_OCTETS];
};

struct streams *streams_new(struct core *core)
{
    struct streams *s = mem_alloc(sizeof *s);

    s->core = core;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert(s->epoll >= 0);
    return s;
}

static void hang_up(struct streams *s, struct stream *one)
{
    s->places[one->number % CORE_STREAMS] = NULL;
    s->count--;
    core_stream_gone(s->core, one->number);
    close(one->fd); /* which takes it out of the set */
    mem_free(one);
}

void streams_free(struct streams *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < CORE_STREAMS; i++)
        if (s->places[i] != NULL)
            hang_up(s, s->places[i]);
    close(s->epoll);
    mem_free(s);
}

int streams_fd(const struct streams *s)
{
    return s->epoll;
}

bool streams_is_idle(const struct streams *s)
{
    return s->count == 0;
}

/* ---- Coming ----------------------------------------------------------------------------------------- */

static bool same_network(const struct stun_address *a, const struct stun_address *b)
{
    return a->is_v6 == b->is_v6 && memcmp(a->ip, b->ip, a->is_v6 ? 8 : 4) == 0;
}

struct crowd {
    size_t of_address, of_account, unknown;
    struct stream *oldest; /* of the unknown */
};

static struct crowd crowd_of(const struct streams *s, const struct anchor_order *o)
{
    struct crowd c = { 0 };

    for (size_t i = 0; i < CORE_STREAMS; i++) {
        struct stream *one = s->places[i];

        if (one == NULL)
            continue;
        if (o->owner != 0)
            c.of_account += one->owner == o->owner;
        else
            c.of_address += one->owner == 0 && same_network(&one->peer, &o->peer);
        if (one->known)
            continue;
        c.unknown++;
        if (c.oldest == NULL || one->born_ms < c.oldest->born_ms)
            c.oldest = one;
    }
    return c;
}

/* False: it is not to be taken. Who has shown nothing yet makes room for who comes: an honest client needs one round trip. */
static bool make_room(struct streams *s, const struct anchor_order *o)
{
    struct crowd c = crowd_of(s, o);

    if (c.of_address >= STREAMS_OF_ADDRESS || c.of_account >= STREAMS_OF_ACCOUNT)
        return false;
    if (c.oldest != NULL && (c.unknown >= STREAMS_UNKNOWN || s->count == CORE_STREAMS))
        hang_up(s, c.oldest);
    return s->count < CORE_STREAMS;
}

void streams_take(struct streams *s, int fd, const struct anchor_order *o, uint64_t now_ms)
{
    struct epoll_event event = { .events = EPOLLIN };
    struct stream *one;
    uint32_t place = 0;

    if (!make_room(s, o)) {
        close(fd);
        return;
    }
    while (s->places[place] != NULL)
        place++;
    one = mem_alloc(sizeof *one);
    *one = (struct stream){ .fd = fd,
                            .number = ++s->serial * CORE_STREAMS + place,
                            .peer = o->peer,
                            .owner = o->owner,
                            .born_ms = now_ms,
                            .look_ms = now_ms + STREAM_UNKNOWN_MS };
    if (one->number < CORE_STREAMS) /* after millions: 0 is UDP */
        one->number = (s->serial = 1) * CORE_STREAMS + place;
    s->places[place] = one;
    s->count++;
    event.data.u32 = one->number;
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        hang_up(s, one);
}

static struct stream *find(const struct streams *s, uint32_t number)
{
    struct stream *one = s->places[number % CORE_STREAMS];

    return one != NULL && one->number == number ? one : NULL;
}

/* ---- Receiving -------------------------------------------------------------------------------------- */

/* False: it has had what a stranger has. */
static bool may_go_on(struct streams *s, struct stream *one)
{
    if (!one->known && one->octets > STREAM_UNKNOWN_OCTETS)
        one->known = core_stream_known(s->core, one->number) != STREAM_STRANGE;
    return one->known || one->octets <= STREAM_UNKNOWN_OCTETS;
}

/* False: it is over. A call may know it since its first packet, so the rest is judged after that. */
static bool take_frames(struct streams *s, struct stream *one, struct bytes in,
                        streams_received *received, void *ctx)
{
    struct route from = { .peer = one->peer, .stream = one->number, .owner = one->owner };
    size_t before = in.n;
    struct bytes packet;
    enum frame_verdict verdict;

    while ((verdict = frame_next(&one->in, &in, &packet)) == FRAME_PACKET) {
        one->octets += before - in.n;
        before = in.n;
        if (packet.n > 0) /* RFC 4571 §2 allows none */
            received(ctx, &from, packet);
        if (!may_go_on(s, one))
            return false;
    }
    one->octets += before - in.n;
    return verdict == FRAME_MORE && may_go_on(s, one);
}

static void receive(struct streams *s, struct stream *one, streams_received *received, void *ctx)
{
    ssize_t n = recv(one->fd, s->octets, sizeof s->octets, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || !take_frames(s, one, bytes_of(s->octets, (size_t)n), received, ctx))
        hang_up(s, one);
}

/* ---- Sending ---------------------------------------------------------------------------------------- */

static void wait_for(struct streams *s, const struct stream *one, bool writable)
{
    struct epoll_event event = { .events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                 .data.u32 = one->number };

    epoll_ctl(s->epoll, EPOLL_CTL_MOD, one->fd, &event);
}

static void end_frame(struct streams *s, struct stream *one)
{
    struct bytes rest = frame_rest(&one->out);
    ssize_t n = send(one->fd, rest.p, rest.n, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n > 0)
        frame_taken(&one->out, (size_t)n);
    if (!frame_is_begun(&one->out))
        wait_for(s, one, false);
}

/* That a connection is broken is seen when it is read. */
void streams_send(struct streams *s, uint32_t stream, struct bytes packet)
{
    struct stream *one = find(s, stream);
    uint8_t header[FRAME_HEADER];
    struct iovec parts[2] = { { header, sizeof header }, { (void *)packet.p, packet.n } };
    struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t n;

    if (one == NULL)
        return;
    if (frame_is_begun(&one->out)) {
        core_stream_full(s->core);
        return;
    }
    frame_header(header, packet.n);
    n = sendmsg(one->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) {
        core_stream_full(s->core);
    } else if ((size_t)n < FRAME_HEADER + packet.n) {
        frame_keep(&one->out, packet, (size_t)n);
        wait_for(s, one, true);
    }
}

void streams_receive(struct streams *s, streams_received *received, void *ctx)
{
    struct epoll_event events[ROUND_STREAMS];
    int count = epoll_wait(s->epoll, events, ROUND_STREAMS, 0);

    for (int i = 0; i < count; i++) {
        struct stream *one = find(s, events[i].data.u32);

        if (one != NULL && (events[i].events & EPOLLOUT) != 0 && frame_is_begun(&one->out))
            end_frame(s, one);
        if (one != NULL && (events[i].events & ~(uint32_t)EPOLLOUT) != 0)
            receive(s, one, received, ctx);
    }
}

/* ---- Time ------------------------------------------------------------------------------------------- */

static void look_at(struct streams *s, struct stream *one)
{
    enum core_stream known = core_stream_known(s->core, one->number);
    bool waits = known == STREAM_AUTHENTIC && s->now_ms - one->born_ms < STREAM_WAITS_MS;

    one->known |= known != STREAM_STRANGE;
    one->look_ms = s->now_ms + STREAM_UNKNOWN_MS;
    if (known != STREAM_CONFIRMED && !waits)
        hang_up(s, one);
}

void streams_tick(struct streams *s, uint64_t now_ms)
{
    s->now_ms = now_ms;
    for (size_t i = 0; s->count > 0 && i < CORE_STREAMS; i++)
        if (s->places[i] != NULL && now_ms >= s->places[i]->look_ms)
            look_at(s, s->places[i]);
    core_stream_count(s->core, s->count);
}
