/* anchor_load.c: calls through sotto-anchor by a generator of its own, on loopback: what a packet costs the anchor, and how much
 * later it arrives than without it.
 *
 *   anchor_load PROGRAM CALLS SIZE TRAIN RATE SECONDS [people]
 *   anchor_load PROGRAM memory LEGS
 *
 * TRAIN 1: one by one. RATE: packets a second of all, each waited for; 0: as fast as it goes. people: at moments of chance and not
 * waited for, as those of many calls. PROGRAM floor: in place of the anchor a loop that receives and sends in the same batches and
 * does nothing else, which is what the kernel takes for itself.
 *
 * Prints one JSON object. Each party of each call has a socket of its own and goes through ICE as a client does; one in 64 packets
 * is timed, beside one that goes from socket to socket without the anchor.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/passing.h"
#include "rtp/anchor_wire.h"
#include "rtp/rtp.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    PARTIES_MAX = 4096,
    TIMES_MAX = 1 << 16,
    TIMED_EACH = 64,
    PAYLOAD_TYPE = 111,
    PATIENCE_MS = 5000,
    FLOOR_BATCH = 16, /* as io/udp.c has it */
    SPIN_NS = 30000,
};

struct party {
    int fd;
    uint16_t sequence;
    char ours[ANCHOR_UFRAG + 1], pwd[ANCHOR_PWD + 1], theirs[16], their_pwd[32];
};

struct load {
    const char *program;
    bool is_floor;
    pid_t pid;
    int ports[2], life, link;
    struct sockaddr_in to;
    struct party parties[PARTIES_MAX];
    unsigned count;
    size_t size;
    uint64_t sent, received;
    uint32_t through_ns[TIMES_MAX], direct_ns[TIMES_MAX];
    size_t through, direct;
    int pair[2]; /* for the way without the anchor */
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- The anchor ------------------------------------------------------------------------------------- */

static int bound(uint16_t port, uint16_t *out_port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0, "bind");
    getsockname(fd, (struct sockaddr *)&a, &n);
    *out_port = ntohs(a.sin_port);
    return fd;
}

static void become_anchor(const struct load *l, int life, uint16_t port)
{
    char parent[16], supervisor[16], place[64];

    snprintf(parent, sizeof parent, "%d", getppid());
    snprintf(supervisor, sizeof supervisor, "%d", life);
    snprintf(place, sizeof place, "%d,%d,127.0.0.1,%u", l->ports[0], l->ports[1], port);
    execl(l->program, "sotto-anchor", parent, supervisor, place, (char *)NULL);
    _exit(1);
}

static void start(struct load *l)
{
    int life[2], link[2];
    const int on = 1;
    uint16_t port, other;

    l->ports[0] = bound(0, &port);
    l->ports[1] = bound(0, &other);
    for (int i = 0; i < 2; i++)
        setsockopt(l->ports[i], IPPROTO_UDP, 104, &on, sizeof on); /* UDP_GRO */
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, life) == 0, "socketpair");
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, link) == 0, "socketpair");
    l->pid = fork();
    if (l->pid == 0)
        become_anchor(l, life[1], port);
    close(life[1]);
    l->life = life[0];
    must(passing_send(l->life, "A", 1, link[1]) == 1, "sendmsg");
    close(link[1]);
    l->link = link[0];
    l->to = (struct sockaddr_in){ .sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void order(const struct load *l, struct anchor_order o)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];

    must(send(l->link, room, anchor_write_order(room, &o), 0) > 0, "order");
}

static double cpu_us(const struct load *l)
{
    char path[64], text[64] = "";
    int fd;

    snprintf(path, sizeof path, "/proc/%d/schedstat", l->pid);
    fd = open(path, O_RDONLY);
    must(fd >= 0 && read(fd, text, sizeof text - 1) > 0, path);
    close(fd);
    return (double)strtoull(text, NULL, 10) / 1000;
}

static long resident_kib(const struct load *l)
{
    char path[64], line[256];
    long kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", l->pid);
    must((f = fopen(path, "r")) != NULL, path);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    }
    fclose(f);
    return kib;
}

/* ---- Calls ------------------------------------------------------------------------------------------ */

static void name_party(struct party *p, unsigned i)
{
    snprintf(p->ours, sizeof p->ours, "ourUfrag%08u", i);
    snprintf(p->pwd, sizeof p->pwd, "ourPassword%013u", i);
    snprintf(p->theirs, sizeof p->theirs, "th%06u", i);
    snprintf(p->their_pwd, sizeof p->their_pwd, "theirPassword%011u", i);
}

static void tell(const struct load *l, const struct party *p, unsigned i)
{
    struct anchor_order o = { .call = (1 + i / 2) << 8, .side = (enum anchor_side)(i % 2) };

    if (i % 2 == 0) {
        o.kind = ANCHOR_CALL;
        order(l, o);
    }
    o.kind = ANCHOR_LEG;
    o.ufrag = str_from(p->ours);
    o.pwd = str_from(p->pwd);
    order(l, o);
    o.kind = ANCHOR_CLIENT;
    o.ufrag = str_from(p->theirs);
    o.pwd = str_from(p->their_pwd);
    o.controlling = true;
    o.flow.video = true;
    flow_allow(&o.flow, PAYLOAD_TYPE);
    order(l, o);
    o.kind = ANCHOR_GATE;
    o.open = true;
    order(l, o);
}

static ssize_t receive_within(int fd, uint8_t *room, size_t size)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, PATIENCE_MS) == 1 ? recv(fd, room, size, 0) : -1;
}

static void connect_party(const struct load *l, struct party *p)
{
    struct stun_check check = { .priority = 1, .role = STUN_CONTROLLING, .use_candidate = true };
    struct stun_address nowhere = { .ip = { 127, 0, 0, 1 }, .port = 1 };
    uint8_t room[2048], finished[29] = { 22, 0xfe, 0xfd, 0, 1, [12] = 16 };
    struct stun_message m;
    char name[64];
    ssize_t n;

    p->fd = socket(AF_INET, SOCK_DGRAM, 0);
    must(p->fd >= 0 && connect(p->fd, (const struct sockaddr *)&l->to, sizeof l->to) == 0,
         "socket");
    check.username =
        (struct str){ name, (size_t)snprintf(name, sizeof name, "%s:%s", p->ours, p->theirs) };
    memcpy(check.transaction, p->theirs, 8);
    must(send(p->fd, room, stun_write_check(room, &check, str_from(p->pwd)), 0) > 0, "check");
    do {
        n = receive_within(p->fd, room, sizeof room);
        must(n > 0 && stun_read(bytes_of(room, (size_t)n), &m) == ERR_NONE, "its check");
    } while (m.class != STUN_REQUEST);
    {
        uint8_t answer[STUN_MAX];

        n = (ssize_t)stun_write_answer(answer, m.transaction, &nowhere, str_from(p->their_pwd));
        must(send(p->fd, answer, (size_t)n, 0) > 0, "answer");
    }
    must(send(p->fd, finished, sizeof finished, 0) > 0, "handshake");
}

/* What the anchor reports is read, as by the server. */
static void read_reports(const struct load *l)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];

    while (!l->is_floor && recv(l->link, room, sizeof room, MSG_DONTWAIT) > 0)
        continue;
}

static void drain(const struct load *l)
{
    uint8_t room[2048];

    usleep(300 * 1000);
    read_reports(l);
    for (unsigned i = 0; i < l->count; i++)
        while (recv(l->parties[i].fd, room, sizeof room, MSG_DONTWAIT) > 0)
            continue;
}

static void make_calls(struct load *l)
{
    for (unsigned i = 0; i < l->count; i++) {
        name_party(&l->parties[i], i);
        tell(l, &l->parties[i], i);
    }
    for (unsigned i = 0; i < l->count; i++)
        connect_party(l, &l->parties[i]);
    drain(l);
}

/* ---- The floor -------------------------------------------------------------------------------------- */

/* From each party to the other of its call, by the port. */
static void forward_for_ever(int fd, const struct sockaddr_in *to_of_port)
{
    static uint8_t room[FLOOR_BATCH][2048];
    struct mmsghdr messages[FLOOR_BATCH];
    struct iovec parts[FLOOR_BATCH];
    struct sockaddr_in names[FLOOR_BATCH];

    for (;;) {
        int count, sent;

        for (size_t i = 0; i < FLOOR_BATCH; i++) {
            parts[i] = (struct iovec){ room[i], sizeof room[i] };
            messages[i].msg_hdr = (struct msghdr){ .msg_name = &names[i],
                                                   .msg_namelen = sizeof names[i],
                                                   .msg_iov = &parts[i],
                                                   .msg_iovlen = 1 };
        }
        count = recvmmsg(fd, messages, FLOOR_BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++) {
            names[i] = to_of_port[ntohs(names[i].sin_port)];
            parts[i].iov_len = messages[i].msg_len;
        }
        for (int done = 0; done<count; done += sent> 0 ? sent : 1)
            sent = sendmmsg(fd, messages + done, (unsigned)(count - done), 0);
    }
}

static void make_floor(struct load *l)
{
    struct sockaddr_in *to_of_port = mem_alloc((UINT16_MAX + 1) * sizeof *to_of_port),
                       of[2] = { 0 };
    uint16_t port;
    int fd = bound(0, &port);

    l->to = (struct sockaddr_in){ .sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (unsigned i = 0; i < l->count; i++) {
        socklen_t n = sizeof of[0];

        l->parties[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
        must(connect(l->parties[i].fd, (const struct sockaddr *)&l->to, sizeof l->to) == 0
                 && getsockname(l->parties[i].fd, (struct sockaddr *)&of[i % 2], &n) == 0,
             "socket");
        if (i % 2 == 1) {
            to_of_port[ntohs(of[0].sin_port)] = of[1];
            to_of_port[ntohs(of[1].sin_port)] = of[0];
        }
    }
    if ((l->pid = fork()) == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        forward_for_ever(fd, to_of_port);
    }
    close(fd);
    mem_free(to_of_port);
}

/* ---- Media ------------------------------------------------------------------------------------------ */

static void compose(struct party *p, uint8_t *out, size_t size, uint64_t stamp)
{
    memset(out, 0, size);
    out[0] = 0x80;
    out[1] = PAYLOAD_TYPE;
    out[2] = (uint8_t)(p->sequence >> 8);
    out[3] = (uint8_t)p->sequence;
    p->sequence++;
    out[11] = 7;
    memcpy(out + RTP_HEADER, &stamp, sizeof stamp); /* 0: not timed */
}

static void send_train(struct load *l, struct party *p, unsigned train, uint64_t stamp)
{
    uint8_t room[64 * RTP_MAX], control[CMSG_SPACE(sizeof(uint16_t))] = { 0 };
    struct iovec part = { room, l->size * train };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
    struct cmsghdr *c = (struct cmsghdr *)(void *)control;
    uint16_t size = (uint16_t)l->size;

    for (unsigned i = 0; i < train; i++)
        compose(p, room + i * l->size, l->size, i == 0 ? stamp : 0);
    if (train > 1) {
        c->cmsg_level = IPPROTO_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof size);
        memcpy(CMSG_DATA(c), &size, sizeof size);
        m.msg_control = control;
        m.msg_controllen = sizeof control;
    }
    if (sendmsg(p->fd, &m, 0) > 0)
        l->sent += train;
}

static void note(uint32_t *times, size_t *count, uint64_t stamp)
{
    if (stamp != 0 && *count < TIMES_MAX)
        times[(*count)++] = (uint32_t)(now_ns() - stamp);
}

/* All that has come for this party; whether there was anything. */
static bool take(struct load *l, struct party *p)
{
    uint8_t room[2048];
    ssize_t n;
    bool some = false;

    while ((n = recv(p->fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
        uint64_t stamp;

        if (room[0] < 128 || (size_t)n < RTP_HEADER + sizeof stamp)
            continue; /* checks of consent */
        memcpy(&stamp, room + RTP_HEADER, sizeof stamp);
        note(l->through_ns, &l->through, stamp);
        l->received++;
        some = true;
    }
    return some;
}

static void time_direct(struct load *l)
{
    uint64_t stamp = now_ns(), back = 0;

    if (send(l->pair[0], &stamp, sizeof stamp, 0) == sizeof stamp
        && receive_within(l->pair[1], (uint8_t *)&back, sizeof back) == sizeof back)
        note(l->direct_ns, &l->direct, back);
}

struct pace {
    unsigned train;
    uint64_t rate, seconds; /* rate 0: none */
    bool people;
    uint64_t due_ns;
    uint32_t chance;
};

/* Until the next one is due: after one interval, or, of people, after any time up to two. */
static void keep_pace(struct pace *p)
{
    uint64_t interval = 1000000000 / p->rate;

    p->chance = p->chance * 1664525 + 1013904223;
    p->due_ns += p->people ? (interval * (p->chance >> 16)) >> 15 : interval;
    while (now_ns() + SPIN_NS < p->due_ns)
        usleep(10);
    while (now_ns() < p->due_ns)
        continue;
}

static void await_packet(struct load *l, struct party *p)
{
    struct pollfd wait = { .fd = p->fd, .events = POLLIN };

    if (poll(&wait, 1, 10) == 1)
        take(l, p);
}

/* One party after the other; the other side's socket is emptied meanwhile. What is timed at a pace is waited for, so that it is the
 * way and not a queue. */
static void run(struct load *l, struct pace pace)
{
    uint64_t end = now_ns() + pace.seconds * 1000000000;

    pace.due_ns = now_ns();
    for (unsigned i = 0; now_ns() < end; i = (i + 1) % l->count) {
        struct party *other = &l->parties[i ^ 1];
        bool timed = (pace.rate > 0 && !pace.people) || (l->sent / pace.train) % TIMED_EACH == 0;

        take(l, other);
        send_train(l, &l->parties[i], pace.train, timed ? now_ns() : 0);
        if (i == 0)
            read_reports(l);
        if (pace.rate == 0)
            continue;
        if (timed)
            await_packet(l, other);
        if (timed && l->sent % 4 == 0)
            time_direct(l);
        keep_pace(&pace);
    }
    for (unsigned quiet = 0; quiet < 20; quiet++) {
        for (unsigned i = 0; i < l->count; i++)
            quiet = take(l, &l->parties[i]) ? 0 : quiet;
        usleep(5000);
    }
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double percentile_us(uint32_t *times, size_t n, unsigned percent)
{
    size_t at = n * percent / 100;

    qsort(times, n, sizeof *times, by_size);
    return at < n ? times[at] / 1000.0 : 0;
}

static void connect_pair(struct load *l)
{
    uint16_t ports[2];
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    for (int i = 0; i < 2; i++)
        l->pair[i] = bound(0, &ports[i]);
    a.sin_port = htons(ports[1]);
    must(connect(l->pair[0], (struct sockaddr *)&a, sizeof a) == 0, "connect");
}

static void report(struct load *l, double cpu)
{
    printf("{\"calls\": %u, \"size\": %zu, \"sent\": %llu, \"forwarded\": %llu, "
           "\"us_per_packet\": %.3f, \"through_p50_us\": %.1f, \"through_p99_us\": %.1f, "
           "\"direct_p50_us\": %.1f, \"direct_p99_us\": %.1f}\n",
           l->count / 2, l->size, (unsigned long long)l->sent, (unsigned long long)l->received,
           l->received > 0 ? cpu / (double)l->received : 0,
           percentile_us(l->through_ns, l->through, 50),
           percentile_us(l->through_ns, l->through, 99), percentile_us(l->direct_ns, l->direct, 50),
           percentile_us(l->direct_ns, l->direct, 99));
}

/* ---- Memory ----------------------------------------------------------------------------------------- */

static void memory(struct load *l, unsigned legs)
{
    long before, after;
    uint8_t room[ANCHOR_DATAGRAM_MAX];

    must(receive_within(l->link, room, sizeof room) > 0, "its report"); /* it is ready */
    before = resident_kib(l);
    for (unsigned i = 0; i < legs; i++) {
        struct party p = { 0 };

        name_party(&p, i);
        tell(l, &p, i);
    }
    sleep(1);
    after = resident_kib(l);
    printf("{\"legs\": %u, \"before_kib\": %ld, \"after_kib\": %ld, \"octets_per_leg\": %.0f}\n",
           legs, before, after, (double)(after - before) * 1024 / legs);
}

static void measure(struct load *l, int argc, char **argv)
{
    struct pace pace = { .train = (unsigned)strtoul(argv[4], NULL, 10),
                         .rate = strtoull(argv[5], NULL, 10),
                         .seconds = strtoull(argv[6], NULL, 10),
                         .people = argc == 8 };
    double before;

    l->count = 2 * (unsigned)strtoul(argv[2], NULL, 10);
    l->size = strtoul(argv[3], NULL, 10);
    must(l->count <= PARTIES_MAX && l->size <= RTP_MAX, "too much");
    connect_pair(l);
    if (l->is_floor)
        make_floor(l);
    else
        make_calls(l);
    before = cpu_us(l);
    run(l, pace);
    report(l, cpu_us(l) - before);
}

int main(int argc, char **argv)
{
    struct load *l = mem_alloc(sizeof *l);

    must(argc == 7 || (argc == 8 && strcmp(argv[7], "people") == 0)
             || (argc == 4 && strcmp(argv[2], "memory") == 0),
         "usage: see anchor_load.c");
    prctl(PR_SET_TIMERSLACK, 1); /* it sleeps for microseconds */
    l->program = argv[1];
    l->is_floor = strcmp(argv[1], "floor") == 0;
    if (!l->is_floor)
        start(l);
    if (argc == 4)
        memory(l, (unsigned)strtoul(argv[3], NULL, 10));
    else
        measure(l, argc, argv);
    if (l->is_floor)
        kill(l->pid, SIGKILL);
    else
        close(l->life);
    waitpid(l->pid, NULL, 0);
    mem_free(l);
    return 0;
}
