/* framed.h: one connection to the anchor in place of a socket of datagrams, for networks without UDP (RFC 6544): packets in frames
 * (lib/rtp/frame).
 *
 * What the connection does not take is lost, as it would be elsewhere; a frame that was begun is ended with the next packet.
 * Owns: nothing; the descriptor is the caller's.  Threads: one at a time.  Units: octets.
 */
#ifndef SOTTO_MEDIA_FRAMED_H
#define SOTTO_MEDIA_FRAMED_H

#include <sys/types.h>

#include "rtp/frame.h"

struct framed {
    struct frame_reader in;
    struct frame_writer out;
    size_t at, n; /* of what was read, what is not looked at yet */
    uint8_t octets[2048];
};

/* Like recv(): the next packet; -1 with EAGAIN: none now, with another errno: it is over. */
ssize_t framed_receive(struct framed *f, int fd, uint8_t *out, size_t room);
void framed_send(struct framed *f, int fd, struct bytes packet);
void framed_flush(struct framed *f, int fd); /* the rest of a frame */

#endif
