/* vp8.h: VP8 in RTP (RFC 7741) and in IVF files: descriptors read and written, what a frame's head says.
 *
 *   |X|R|N|S|R| PID |  X: |I|L|T|K| RSV |  I: picture id, 1 or 2   L: 1   T or K: 1        then the frame's octets
 *
 * Owns: nothing.  Threads: pure.  Units: octets.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_MEDIA_VP8_H
#define SOTTO_MEDIA_VP8_H

#include "base/str.h"

enum { VP8_DESCRIPTOR = 1, VP8_HEAD = 10, IVF_HEAD = 32, IVF_FRAME = 12 };

struct vp8_piece {
    bool begins; /* a frame begins with this */
    struct bytes data;
};
CHECKED enum err vp8_read_piece(struct bytes payload, struct vp8_piece *out);
/* The descriptor of a piece of ours. */
uint8_t vp8_descriptor(bool begins);

struct vp8_head {
    bool whole; /* a key frame, which needs no other */
    unsigned width, height;
};
CHECKED enum err vp8_read_head(struct bytes frame, struct vp8_head *out);

void ivf_write_head(uint8_t out[IVF_HEAD], unsigned width, unsigned height);
void ivf_write_frame(uint8_t out[IVF_FRAME], size_t size, uint64_t ticks); /* of 90 kHz */

#endif
