/* video_in.h: what is seen: packets of VP8 in order, what is missing asked for again, whole frames out.
 *
 * Frames are handed on as they came; nothing here decodes them. A frame that lost a piece, and all that build on it, are dropped until
 * the next whole picture, which is asked for.
 * Owns: packets that wait, until video_in_deinit().  Threads: one at a time.  Units: octets, milliseconds, ticks of 90 kHz.
 */
#ifndef SOTTO_MEDIA_VIDEO_IN_H
#define SOTTO_MEDIA_VIDEO_IN_H

#include "base/buf.h"
#include "media/rtcp.h"
#include "media/vp8.h"
#include "rtp/rtp.h"

enum {
    VIDEO_CLOCK = 90000,
    VIDEO_WAITING = 512, /* packets */
    VIDEO_FRAME_MAX = 1024 * 1024,
    VIDEO_PATIENCE_MS = 200, /* how long a missing packet may hold up those after it */
    VIDEO_NACK_EVERY_MS = 40,
};

struct video_packet {
    bool used, marker;
    uint16_t sequence;
    uint32_t timestamp;
    uint16_t size;
    uint8_t data[RTP_MAX];
};

struct video_in {
    struct video_packet *waiting; /* VIDEO_WAITING */
    bool started, broken;
    uint16_t next, newest;
    uint64_t held_since_ms; /* 0: nothing is missing */
    uint64_t nacked_ms, asked_ms;
    bool wants_whole; /* a whole picture is to be asked for */
    struct buf frame;
    uint32_t frame_timestamp;
    bool in_frame;
    uint64_t ticks; /* of the frames so far, without jumps */
    uint32_t last_timestamp;
    uint64_t frames, whole_frames, dropped;
};

void video_in_init(struct video_in *v);
void video_in_deinit(struct video_in *v);
void video_in_reset(struct video_in *v); /* another source */
void video_in_packet(struct video_in *v, const struct rtp_header *h, struct bytes payload,
                     uint64_t now_ms);

struct video_frame {
    struct bytes data; /* until the next call */
    struct vp8_head head;
    uint64_t ticks;
};
/* The next whole frame; false: none yet. */
bool video_in_next(struct video_in *v, uint64_t now_ms, struct video_frame *out);
/* What to ask the sender for, if it is time to. */
bool video_in_wish(struct video_in *v, bool may_nack, uint64_t now_ms, struct rtcp_wish *out);

#endif
