/* ogg_opus.h: whether octets are a voice message: one stream of Opus in Ogg (RFC 3533, RFC 7845), whole and in order, and how long it is.
 *
 * Strict: what others will be asked to play shall be what it says. One logical stream, one or two channels, pages in order with
 * right checksums, an end that is marked, nothing after it.
 *
 * Owns: one page.  Threads: pure.  Units: milliseconds, bytes.  Errors: ERR_MALFORMED; ERR_UNSUPPORTED: Ogg, but not such a stream.
 */
#ifndef SOTTO_CLIENT_OGG_OPUS_H
#define SOTTO_CLIENT_OGG_OPUS_H

#include "base/buf.h"

enum { OGG_DURATION_MAX_MS = 24 * 60 * 60 * 1000 };

struct ogg_opus {
    struct buf page;
    size_t wanted; /* octets of the page that are known to come */
    int expects;   /* enum expects, in ogg_opus.c */
    bool open;     /* the last packet goes on in the next page */
    bool ended;
    uint32_t serial, sequence;
    uint32_t skipped; /* samples at the beginning that are not played */
    uint64_t samples; /* at 48 kHz, the skipped ones included */
};

void ogg_opus_init(struct ogg_opus *o);
void ogg_opus_deinit(struct ogg_opus *o);
CHECKED enum err ogg_opus_piece(struct ogg_opus *o, struct bytes in);
/* Not whole, or empty: ERR_MALFORMED. */
CHECKED enum err ogg_opus_end(const struct ogg_opus *o, uint32_t *out_duration_ms);

#endif
