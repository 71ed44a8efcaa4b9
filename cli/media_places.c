/* media_places.c: see media_places.h. */
#include "cli/media_places.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/ip.h"

enum {
    SEND_BUFFER = 512 * 1024,
    STREAM_BUFFER = 32 * 1024, /* on a connection what waits is late, and nothing overtakes it */
};

/* ---- Reading ---------------------------------------------------------------------------------------- */

static bool read_address(struct str ip, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

    if (ip4_read(ip, (uint8_t *)&in.sin_addr) == ERR_NONE)
        memcpy(out, &in, sizeof in);
    else if (ip6_read(ip, (uint8_t *)&in6.sin6_addr) == ERR_NONE)
        memcpy(out, &in6, sizeof in6);
    else
        return false;
    return true;
}

/* foundation component transport priority address port … (RFC 8839 §5.1) */
static void read_place(struct str value, struct media_place *out)
{
    struct str word[6];
    uint64_t port;

    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        word[i] = str_split(&value, ' ');
    *out = (struct media_place){ .tcp = str_is(word[2], "tcp") };
    if ((out->tcp || str_is(word[2], "udp")) && str_to_u64(word[5], UINT16_MAX, &port) == ERR_NONE
        && port > 0)
        (void)read_address(word[4], (uint16_t)port, &out->address);
}

void media_places_read(struct media_places *p, struct str sdp)
{
    const struct str begin = STR("a=candidate:");

    *p = (struct media_places){ 0 };
    while (sdp.n > 0 && p->count < MEDIA_PLACES) {
        struct str line = str_split(&sdp, '\n');

        if (str_starts(line, begin))
            read_place(str_skip(line, begin.n), &p->list[p->count++]);
    }
}

/* ---- Sockets ---------------------------------------------------------------------------------------- */

/* What the process could not ask for any more. */
static void adjust(int fd, bool tcp)
{
    int size = tcp ? STREAM_BUFFER : SEND_BUFFER, on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size); /* wishes */
    if (tcp)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Connected: nobody else is heard, and nobody else can be reached with it. */
static int open_socket(const struct media_place *to)
{
    socklen_t n = to->address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                    : sizeof(struct sockaddr_in);
    int kind = to->tcp ? SOCK_STREAM : SOCK_DGRAM;
    int fd = socket(to->address.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&to->address, n) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    adjust(fd, to->tcp);
    return fd;
}

bool media_places_ask(struct media_places *p, uint64_t number, int *out_fd)
{
    struct media_place *to = number < p->count ? &p->list[number] : NULL;

    if (to == NULL || to->was_asked)
        return false;
    to->was_asked = true;
    *out_fd = to->address.ss_family != AF_UNSPEC ? open_socket(to) : -1;
    return true;
}
