/* connect_own.c: whether an address is our own. The kernel answers what is its own from that very address; choosing the source
 * is all that connecting a datagram socket does.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/connect.h"

enum { ANY_PORT = 9 };

static socklen_t fill(struct sockaddr_storage *out, const uint8_t *ip, size_t ip_n)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof *out);
    if (ip_n == sizeof four->sin_addr) {
        four->sin_family = AF_INET;
        four->sin_port = htons(ANY_PORT);
        memcpy(&four->sin_addr, ip, ip_n);
        return sizeof *four;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(ANY_PORT);
    memcpy(&six->sin6_addr, ip, ip_n);
    return sizeof *six;
}

static const void *ip_of(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                                   : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;
}

bool connect_is_own(const uint8_t *ip, size_t ip_n)
{
    struct sockaddr_storage there, here = { 0 };
    socklen_t n = fill(&there, ip, ip_n), here_n = sizeof here;
    int fd = socket(there.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool own = fd >= 0 && connect(fd, (const struct sockaddr *)&there, n) == 0
               && getsockname(fd, (struct sockaddr *)&here, &here_n) == 0
               && here.ss_family == there.ss_family && memcmp(ip_of(&here), ip, ip_n) == 0;

    if (fd >= 0)
        close(fd);
    return own;
}
