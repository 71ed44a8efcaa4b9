/* link.c: datagrams of local sockets. */
#include "anchor/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One datagram, and the descriptor that came with it; -1: none. */
static ssize_t receive_with_fd(int socket, void *out, size_t room, bool *out_whole, int *out_fd)
{
    union {
        struct cmsghdr head; /* for its alignment */
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { out, room };
    struct msghdr m = { .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control.room,
                        .msg_controllen = sizeof control.room };
    ssize_t n = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

    *out_fd = -1;
    *out_whole = n > 0 && (m.msg_flags & MSG_TRUNC) == 0;
    if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *out_fd))
        memcpy(out_fd, CMSG_DATA(c), sizeof *out_fd);
    return n;
}

enum heard_link link_receive_fd(int supervisor, int *out_fd)
{
    char word;
    bool whole;
    ssize_t n = receive_with_fd(supervisor, &word, sizeof word, &whole, out_fd);

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
    ssize_t n = receive_with_fd(link, room, ANCHOR_DATAGRAM_MAX, &whole, out_fd);

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
    struct iovec part = { room, anchor_write_report(room, r) };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

    return sendmsg(link, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != EAGAIN;
}
