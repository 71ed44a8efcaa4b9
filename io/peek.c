/* peek.c: MSG_PEEK, and SO_RCVLOWAT so that what was seen already wakes nobody. */
#include "io/peek.h"

#include <errno.h>
#include <sys/socket.h>

int peek_at(int fd, uint8_t *to, size_t max)
{
    ssize_t n = recv(fd, to, max, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    return (int)n;
}

void peek_wake_at(int fd, size_t octets)
{
    int wanted = (int)octets;

    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted);
}
