/* frame.h: packets of media on a stream of octets (RFC 4571), as ICE-TCP sends them (RFC 6544 §3).
 *
 *   | length of what follows, 16 bits | packet: STUN, DTLS, RTP, RTCP |
 *
 * A reader takes the stream as it comes, in any pieces. A writer hands over whole packets or none: what a connection does not take is lost, as
 * it would be with UDP, but a packet that was begun is ended first, or all that follows would be read wrong.
 * Owns: nothing; each is memory of a fixed size.  Threads: pure.  Units: octets.
 */
#ifndef SOTTO_RTP_FRAME_H
#define SOTTO_RTP_FRAME_H

#include "rtp/rtp.h"

enum { FRAME_HEADER = 2, FRAME_MAX = FRAME_HEADER + RTP_MAX };

struct frame_reader {
    size_t held;
    uint8_t octets[FRAME_MAX]; /* of a frame that is not whole yet */
};

enum frame_verdict {
    FRAME_MORE, /* octets are wanted */
    FRAME_PACKET,
    FRAME_BROKEN, /* longer than anything that is sent here: the stream is of no use any more */
};

/* The next packet out of *in, which is used up by that much. The packet lies in *in or in the reader, until the next call. */
enum frame_verdict frame_next(struct frame_reader *r, struct bytes *in, struct bytes *out_packet);

struct frame_writer {
    size_t at, n; /* what is left of a frame that was begun */
    uint8_t octets[FRAME_MAX];
};

static inline bool frame_is_begun(const struct frame_writer *w)
{
    return w->at < w->n;
}
void frame_header(uint8_t out[FRAME_HEADER], size_t packet);
/* Of a frame, header included, only so much was taken: the rest goes first from now on. */
void frame_keep(struct frame_writer *w, struct bytes packet, size_t taken);
struct bytes frame_rest(const struct frame_writer *w);
void frame_taken(struct frame_writer *w, size_t n); /* of the rest */

#endif
