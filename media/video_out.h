/* video_out.h: what is shown: pictures become VP8 (libvpx), VP8 becomes pieces that fit into packets.
 *
 * Owns: the encoder, until video_out_deinit().  Threads: one at a time.  Units: bits per second, ticks of 90 kHz.
 * Errors: ERR_IO: the encoder refuses.
 */
#ifndef SOTTO_MEDIA_VIDEO_OUT_H
#define SOTTO_MEDIA_VIDEO_OUT_H

#include "media/picture.h"
#include "media/vp8.h"

enum {
    VIDEO_PIECE = 1100, /* octets of a frame in one packet */
    VIDEO_BITRATE_MIN = 60000,
    VIDEO_BITRATE_START = 400000,
    VIDEO_BITRATE_MAX = 1200000,
};

struct video_out {
    void *encoder; /* vpx_codec_ctx_t, its settings behind it */
    unsigned bitrate, width, height;
    bool whole_wanted;
    struct bytes frame; /* what is left of the frame that was encoded last */
    bool at_beginning;
    uint64_t frames;
};

CHECKED enum err video_out_init(struct video_out *v, unsigned width, unsigned height);
void video_out_deinit(struct video_out *v);
CHECKED enum err video_out_encode(struct video_out *v, const struct picture *p, uint64_t ticks);
/* A payload of the frame that was encoded last; 0: no more. */
size_t video_out_next(struct video_out *v, uint8_t out[VP8_DESCRIPTOR + VIDEO_PIECE], bool *last);
void video_out_ask_whole(struct video_out *v);
/* The other side's report of 256, and what it says it can take (0: nothing said). */
void video_out_report(struct video_out *v, uint8_t fraction_lost);
void video_out_limit(struct video_out *v, uint64_t bps);

#endif
