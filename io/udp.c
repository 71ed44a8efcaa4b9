/* udp.c: batches in and out. */
#include "io/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum {
    READ_BATCH = 16,
    READ_SIZE = 65536,             /* of a whole train */
    READ_STRIDE = READ_SIZE + 576, /* packets of a batch lie in different lines of the cache */
    SEND_BATCH = 256,
    TRAIN = 64, /* segments: UDP_MAX_SEGMENTS of the kernel */
    TRAIN_OCTETS = 65000,
    TRAINS = 16, /* with one call of the kernel */
    COPIES = 64 * 1024,
    SOCKET_ROOM = 4 * 1024 * 1024, /* a second of what 100 videos send */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

union control { /* the size of a train's packets: 16 bits on the way out, an int on the way in */
    struct cmsghdr head; /* for its alignment */
    char room[CMSG_SPACE(sizeof(int))];
};

struct outgoing {
    struct stun_address to;
    unsigned socket;
    struct bytes packet;
};

struct train {
    struct iovec parts[TRAIN];
    union address to;
    union control control;
};

struct incoming {
    struct iovec part;
    union address from;
    union control control;
};

/* What the kernel is handed lies here and not on the stack, where all of it would be cleared for each packet. */
struct udp {
    int fds[UDP_SOCKETS_MAX];
    size_t count;
    bool no_trains; /* this kernel or device refused them */

    struct outgoing queue[SEND_BATCH];
    size_t queued;
    uint8_t copies[COPIES];
    size_t copied;
    struct train trains[TRAINS];
    struct mmsghdr leaving[TRAINS];

    struct incoming incoming[READ_BATCH];
    struct mmsghdr coming[READ_BATCH];
    uint8_t in[READ_BATCH * READ_STRIDE];
};

/* ---- Addresses -------------------------------------------------------------------------------------- */

static socklen_t to_system(const struct stun_address *a, union address *out)
{
    *out = (union address){ 0 };
    if (a->is_v6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(a->port);
        memcpy(&out->v6.sin6_addr, a->ip, 16);
        return sizeof out->v6;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(a->port);
    memcpy(&out->v4.sin_addr, a->ip, 4);
    return sizeof out->v4;
}

static struct stun_address from_system(const union address *a)
{
    struct stun_address out = { .is_v6 = a->any.sa_family == AF_INET6 };

    memcpy(out.ip, out.is_v6 ? (const void *)&a->v6.sin6_addr : &a->v4.sin_addr,
           out.is_v6 ? 16 : 4);
    out.port = ntohs(out.is_v6 ? a->v6.sin6_port : a->v4.sin_port);
    return out;
}

static enum err fail(struct str address, uint16_t port, struct str *why, struct arena *a)
{
    *why = errno == EADDRINUSE
               ? arena_printf(a, "%.*s port %u: another program has it", STR_ARG(address), port)
               : arena_printf(a, "%.*s port %u: %s", STR_ARG(address), port, strerror(errno));
    return errno == EADDRINUSE ? ERR_EXISTS : ERR_IO;
}

static void make_room(int fd)
{
    static const int names[][2] = { { SO_RCVBUFFORCE, SO_RCVBUF }, { SO_SNDBUFFORCE, SO_SNDBUF } };
    const int room = SOCKET_ROOM;

    for (size_t i = 0; i < 2; i++) {
        if (setsockopt(fd, SOL_SOCKET, names[i][0], &room, sizeof room) != 0)
            setsockopt(fd, SOL_SOCKET, names[i][1], &room,
                       sizeof room); /* up to what rmem_max allows */
    }
}

enum err udp_bind(struct str address, uint16_t port, int *out_fd, uint16_t *out_port,
                  struct str *why, struct arena *why_arena)
{
    struct stun_address a = { .port = port };
    const int on = 1;
    union address bound;
    socklen_t n;
    int fd;

    a.is_v6 = str_find(address, ':') < address.n;
    if ((a.is_v6 ? ip6_read(address, a.ip) : ip4_read(address, a.ip)) != ERR_NONE) {
        *why = arena_printf(why_arena, "%.*s is no address", STR_ARG(address));
        return ERR_MALFORMED;
    }
    n = to_system(&a, &bound);
    fd = socket(bound.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && a.is_v6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (fd < 0 || bind(fd, &bound.any, n) != 0 || getsockname(fd, &bound.any, &n) != 0) {
        enum err e = fail(address, port, why, why_arena);

        if (fd >= 0)
            close(fd);
        return e;
    }
    make_room(fd);
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on,
               sizeof on); /* an older kernel hands them one by one */
    *out_fd = fd;
    *out_port = from_system(&bound).port;
    return ERR_NONE;
}

/* ---- Life ------------------------------------------------------------------------------------------- */

struct udp *udp_new(const int *fds, size_t count)
{
    struct udp *u = mem_alloc(sizeof *u);

    memcpy(u->fds, fds, count * sizeof *fds);
    u->count = count;
    for (size_t i = 0; i < READ_BATCH; i++) {
        u->incoming[i].part = (struct iovec){ u->in + i * READ_STRIDE, READ_SIZE };
        u->coming[i].msg_hdr = (struct msghdr){ .msg_name = &u->incoming[i].from,
                                                .msg_iov = &u->incoming[i].part,
                                                .msg_iovlen = 1,
                                                .msg_control = u->incoming[i].control.room };
    }
    return u;
}

void udp_free(struct udp *u)
{
    mem_free(u);
}

/* ---- Sending ---------------------------------------------------------------------------------------- */

static bool same_way(const struct outgoing *a, const struct outgoing *b)
{
    return a->socket == b->socket && a->to.port == b->to.port && a->to.is_v6 == b->to.is_v6
           && memcmp(a->to.ip, b->to.ip, sizeof a->to.ip) == 0;
}

/* How many from `at` on go in one train: of one size, but the last, which may be shorter. */
static size_t train_length(const struct udp *u, size_t at)
{
    const struct outgoing *first = &u->queue[at];
    size_t n = 1, octets = first->packet.n;

    while (!u->no_trains && n < TRAIN && at + n < u->queued
           && u->queue[at + n - 1].packet.n == first->packet.n && same_way(first, &u->queue[at + n])
           && u->queue[at + n].packet.n <= first->packet.n
           && octets + u->queue[at + n].packet.n <= TRAIN_OCTETS)
        octets += u->queue[at + n++].packet.n;
    return n;
}

/* Returns how many parts there are. */
static size_t fill_parts(struct train *t, const struct outgoing *items, size_t n)
{
    size_t parts = 0;

    for (size_t i = 0; i < n; i++) {
        struct bytes p = items[i].packet;
        struct iovec *last = parts > 0 ? &t->parts[parts - 1] : NULL;

        if (last != NULL && (const uint8_t *)last->iov_base + last->iov_len == p.p)
            last->iov_len += p.n; /* as they came */
        else
            t->parts[parts++] = (struct iovec){ (void *)p.p, p.n };
    }
    return parts;
}

static void fill_train(struct train *t, struct msghdr *m, const struct outgoing *items, size_t n)
{
    uint16_t size = (uint16_t)items->packet.n;

    *m = (struct msghdr){ .msg_name = &t->to,
                          .msg_namelen = to_system(&items->to, &t->to),
                          .msg_iov = t->parts,
                          .msg_iovlen = fill_parts(t, items, n) };
    if (n < 2)
        return;
    t->control.head = (struct cmsghdr){ .cmsg_level = IPPROTO_UDP,
                                        .cmsg_type = UDP_SEGMENT,
                                        .cmsg_len = CMSG_LEN(sizeof size) };
    memcpy(CMSG_DATA(&t->control.head), &size, sizeof size);
    m->msg_control = t->control.room;
    m->msg_controllen = CMSG_SPACE(sizeof size);
}

static void send_singly(struct udp *u, const struct outgoing *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        union address to;
        socklen_t size = to_system(&items[i].to, &to);

        sendto(u->fds[items[i].socket], items[i].packet.p, items[i].packet.n,
               MSG_DONTWAIT | MSG_NOSIGNAL, &to.any, size);
    }
}

/* What is refused is lost; but a train may be refused for being one. */
static void on_refused(struct udp *u, const struct outgoing *items, size_t n)
{
    if (n < 2 || errno == EAGAIN || errno == ENOBUFS)
        return;
    if (errno == EIO || errno == ENOPROTOOPT) /* the device cannot make checksums */
        u->no_trains = true;
    send_singly(u, items, n);
}

/* Of one socket, from `at` on. Returns how many of the queue it took. */
static size_t send_some(struct udp *u, size_t at)
{
    size_t starts[TRAINS + 1] = { at }, count = 0;
    unsigned socket = u->queue[at].socket;

    while (count < TRAINS && at < u->queued && u->queue[at].socket == socket) {
        size_t n = train_length(u, at);

        fill_train(&u->trains[count], &u->leaving[count].msg_hdr, &u->queue[at], n);
        at += n;
        starts[++count] = at;
    }
    for (size_t done = 0; done < count;) {
        int sent = sendmmsg(u->fds[socket], u->leaving + done, (unsigned)(count - done),
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        done += sent > 0 ? (size_t)sent : 0;
        if (done < count && sent <= 0) {
            on_refused(u, &u->queue[starts[done]], starts[done + 1] - starts[done]);
            done++;
        }
    }
    return at - starts[0];
}

void udp_flush(struct udp *u)
{
    for (size_t at = 0; at < u->queued;)
        at += send_some(u, at);
    u->queued = 0;
    u->copied = 0;
}

void udp_send(struct udp *u, unsigned socket, const struct stun_address *to, struct bytes packet,
              bool lasting)
{
    if (u->queued == SEND_BATCH || (!lasting && packet.n > COPIES - u->copied))
        udp_flush(u);
    if (!lasting) {
        memcpy(u->copies + u->copied, packet.p, packet.n);
        packet.p = u->copies + u->copied;
        u->copied += packet.n;
    }
    u->queue[u->queued++] = (struct outgoing){ *to, socket, packet };
}

/* ---- Receiving -------------------------------------------------------------------------------------- */

/* The size of each packet of a train; 0: it is none. */
static size_t segment_size(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;

            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (size_t)size : 0;
        }
    }
    return 0;
}

static void hand_over(struct msghdr *m, struct bytes in, unsigned socket, udp_received *received,
                      void *ctx)
{
    struct stun_address from = from_system(m->msg_name);
    size_t size = segment_size(m);

    if ((m->msg_flags & MSG_TRUNC) != 0)
        return;
    do {
        struct bytes packet = bytes_of(in.p, size > 0 && size < in.n ? size : in.n);

        received(ctx, socket, &from, packet);
        in = bytes_of(in.p + packet.n, in.n - packet.n);
    } while (in.n > 0);
}

bool udp_receive(struct udp *u, unsigned socket, udp_received *received, void *ctx)
{
    int count;

    for (size_t i = 0; i < READ_BATCH; i++) {
        u->coming[i].msg_hdr.msg_namelen = sizeof u->incoming[i].from;
        u->coming[i].msg_hdr.msg_controllen = sizeof u->incoming[i].control.room;
    }
    count = recvmmsg(u->fds[socket], u->coming, READ_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++)
        hand_over(&u->coming[i].msg_hdr,
                  bytes_of(u->incoming[i].part.iov_base, u->coming[i].msg_len), socket, received,
                  ctx);
    udp_flush(u);
    return count == READ_BATCH;
}
