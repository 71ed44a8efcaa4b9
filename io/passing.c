/* passing.c: see passing.h. */
#include "io/passing.h"

#include <string.h>
#include <sys/socket.h>

union control {
    struct cmsghdr head; /* for its alignment */
    char room[CMSG_SPACE(sizeof(int))];
};

ssize_t passing_send(int socket, const void *octets, size_t n, int fd)
{
    union control control = { .room = { 0 } };
    struct iovec part = { (void *)octets, n };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

    if (fd >= 0) {
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    }
    return sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t passing_receive(int socket, void *out, size_t room, bool *out_whole, int *out_fd)
{
    union control control = { .room = { 0 } };
    struct iovec part = { out, room };
    struct msghdr m = { .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control.room,
                        .msg_controllen = sizeof control.room };
    ssize_t n = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

    *out_fd = -1;
    if (out_whole != NULL)
        *out_whole = n > 0 && (m.msg_flags & MSG_TRUNC) == 0;
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
        && c->cmsg_len == CMSG_LEN(sizeof *out_fd))
        memcpy(out_fd, CMSG_DATA(c), sizeof *out_fd);
    return n;
}
