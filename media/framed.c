/* framed.c: frames on a descriptor that never blocks. */
#include "media/framed.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool fill(struct framed *f, int fd)
{
    ssize_t n = recv(fd, f->octets, sizeof f->octets, MSG_DONTWAIT);

    if (n == 0)
        errno = EPIPE;
    f->at = 0;
    f->n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

ssize_t framed_receive(struct framed *f, int fd, uint8_t *out, size_t room)
{
    for (;;) {
        struct bytes in = bytes_of(f->octets + f->at, f->n - f->at), packet;
        enum frame_verdict v = frame_next(&f->in, &in, &packet);

        f->at = f->n - in.n;
        if (v == FRAME_PACKET && packet.n > 0 && packet.n <= room) {
            memcpy(out, packet.p, packet.n);
            return (ssize_t)packet.n;
        }
        if (v == FRAME_BROKEN)
            errno = EPROTO;
        if (v == FRAME_BROKEN || (v == FRAME_MORE && !fill(f, fd)))
            return -1;
    }
}

void framed_flush(struct framed *f, int fd)
{
    struct bytes rest = frame_rest(&f->out);
    ssize_t n = rest.n > 0 ? send(fd, rest.p, rest.n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

    if (n > 0)
        frame_taken(&f->out, (size_t)n);
}

void framed_send(struct framed *f, int fd, struct bytes packet)
{
    uint8_t frame[FRAME_MAX];
    ssize_t n;

    framed_flush(f, fd);
    if (frame_is_begun(&f->out) || packet.n > RTP_MAX)
        return;
    frame_header(frame, packet.n);
    memcpy(frame + FRAME_HEADER, packet.p, packet.n);
    n = send(fd, frame, FRAME_HEADER + packet.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0 && (size_t)n < FRAME_HEADER + packet.n)
        frame_keep(&f->out, packet, (size_t)n);
}
