/* ogg.h: Ogg Opus files (RFC 3533, RFC 7845): packets out of pages, pages around packets.
 *
 * Owns: nothing.  Threads: one at a time.  Units: octets; samples at 48 kHz.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_MEDIA_OGG_H
#define SOTTO_MEDIA_OGG_H

#include "base/str.h"

enum {
    OGG_HEAD = 27,
    OGG_SEGMENTS = 255,
    OGG_PAGE_MAX = OGG_HEAD + OGG_SEGMENTS + 255 * OGG_SEGMENTS,
    OGG_PACKET_MAX = 1275 * 6 + 7, /* RFC 6716 §3.4: what one packet of Opus can be */
};

struct ogg_page {
    bool continued; /* its first packet began on the page before */
    struct bytes lacing, body;
    size_t size;
};

/* One page at the beginning of `in`. ERR_TOO_BIG: not all of it is there yet. The checksum is not looked at: a file is its owner's. */
CHECKED enum err ogg_read_page(struct bytes in, struct ogg_page *out);

struct ogg_writer {
    uint32_t serial, page;
    uint64_t samples;
};

/* The two pages of heads; then a page for each packet. Return the size. */
size_t ogg_write_heads(struct ogg_writer *w, uint32_t serial, uint8_t out[512]);
size_t ogg_write_packet(struct ogg_writer *w, struct bytes packet, unsigned samples, bool last,
                        uint8_t out[OGG_HEAD + 6 + 1275]);

#endif
