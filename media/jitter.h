/* jitter.h: Opus frames of one source between their arrival and the moment they are played: order, how long to wait, what is missing.
 *
 * Time is the stream's: samples at 48 kHz, extended to 64 bits. How long to wait follows from how late packets came lately (97 of 100
 * should be in time) and, while packets are being lost, from how far back later packets can repair.
 *
 *   arrival - time of the first sample = offset; the smallest of the last 10 to 20 s is a packet that did not wait anywhere
 *   delay = now - smallest offset - time of what is played; it is to be near `target`
 *
 * Owns: nothing.  Threads: one at a time.  Units: samples at 48 kHz, milliseconds, octets.
 */
#ifndef SOTTO_MEDIA_JITTER_H
#define SOTTO_MEDIA_JITTER_H

#include "base/str.h"

enum {
    JITTER_FRAMES = 64,
    JITTER_FRAME_MAX = 1275, /* RFC 6716 §3.4 */
    JITTER_PER_MS = 48,
    JITTER_TARGET_MIN_MS = 40,
    JITTER_TARGET_MAX_MS = 300,
    JITTER_HISTORY = 128,
};

struct jitter_frame {
    bool used;
    bool redundant; /* came as a copy in a later packet */
    int64_t time;
    unsigned samples;
    size_t size;
    uint8_t data[JITTER_FRAME_MAX];
};

struct jitter {
    struct jitter_frame frames[JITTER_FRAMES];
    bool started;
    int64_t newest; /* time of the newest packet */
    int64_t next;   /* time of the first sample that was not taken yet */
    unsigned packet_samples;
    unsigned copies_samples; /* how far back copies reach */
    /* how late packets are */
    bool has_offset;
    int64_t smallest_ms, smallest_before_ms; /* of this window and of the one before */
    uint64_t window_ms;
    uint16_t late_ms[JITTER_HISTORY];
    size_t late_count, late_at;
    unsigned late_usual_ms;
    /* losses */
    uint64_t lost_ms; /* when one was noticed last; 0: never */
    unsigned target_ms;
};

enum jitter_answer {
    JITTER_FRAME,   /* what comes next */
    JITTER_GAP,     /* it is missing, and this is the next after it */
    JITTER_NOTHING, /* nothing is left */
};

void jitter_reset(struct jitter *j);
/* A frame of a packet, or a copy of an older one in it. */
void jitter_put(struct jitter *j, uint32_t timestamp, unsigned samples, struct bytes frame,
                bool redundant, uint64_t now_ms);
/* JITTER_FRAME: `out` is out of the buffer. JITTER_GAP: it stays; *gap samples are missing before it. */
enum jitter_answer jitter_take(struct jitter *j, struct jitter_frame *out, int64_t *gap);
bool jitter_has_next(const struct jitter *j);         /* jitter_take() would give a frame */
void jitter_pass(struct jitter *j, unsigned samples); /* these were made up or repaired */
void jitter_note_loss(struct jitter *j, uint64_t now_ms);
/* `pending`: samples taken but not played yet. */
int64_t jitter_delay_ms(const struct jitter *j, unsigned pending, uint64_t now_ms);

#endif
