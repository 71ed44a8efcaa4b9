/* link.c: datagrams of local sockets. */
#include "anchor/link.h"

#include <errno.h>
#include <unistd.h>

#include "io/passing.h"

enum heard_link link_receive_fd(int supervisor, int *out_fd)
{
    char word = 0;
    ssize_t n = passing_receive(supervisor, &word, sizeof word, NULL, out_fd);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return LINK_NOTHING;
    if (n <= 0)
        return LINK_GONE;
    return *out_fd >= 0 ? LINK_SOMETHING : LINK_NOTHING;
}

enum heard_link link_receive(int link, uint8_t room[ANCHOR_DATAGRAM_MAX], struct anchor_order *out,
                             int *out_fd)
{
    bool whole;
    ssize_t n = passing_receive(link, room, ANCHOR_DATAGRAM_MAX, &whole, out_fd);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return LINK_NOTHING;
    if (n > 0 && whole && anchor_read_order(bytes_of(room, (size_t)n), out) == ERR_NONE
        && (out->kind == ANCHOR_STREAM) == (*out_fd >= 0))
        return LINK_SOMETHING;
    if (*out_fd >= 0)
        close(*out_fd);
    return LINK_GONE;
}

bool link_report(int link, const struct anchor_report *r)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    size_t n = anchor_write_report(room, r);

    return passing_send(link, room, n, -1) >= 0 || errno != EAGAIN;
}
