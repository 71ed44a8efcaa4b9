/* voice_in.h: what is heard: packets of Opus, perhaps inside RED, become 10 ms of sound at a time.
 *
 * What is missing is taken from a copy (RED, RFC 2198), from the in-band redundancy of the next packet (RFC 6716 §2.1.7), or is made up by
 * the decoder, in this order; each is counted. The clock is the caller's: one call of voice_in_play() is 10 ms.
 * Owns: the decoder, until voice_in_deinit().  Threads: one at a time.  Units: samples at 48 kHz, mono; milliseconds.
 */
#ifndef SOTTO_MEDIA_VOICE_IN_H
#define SOTTO_MEDIA_VOICE_IN_H

#include "media/jitter.h"

enum {
    VOICE_RATE = 48000,
    VOICE_TICK_MS = 10,
    VOICE_TICK = VOICE_RATE / 1000 * VOICE_TICK_MS,
    VOICE_PACKET_MAX = 5760, /* 120 ms: RFC 6716 §2.1.4 */
};

struct voice_in {
    void *decoder;
    struct jitter jitter;
    int16_t pcm[3 * VOICE_PACKET_MAX]; /* decoded, not played */
    unsigned pending;
    bool playing;
    bool silent_sender;     /* its last packet said that nothing follows (DTX) */
    unsigned starved;       /* samples made up in a row because nothing was there */
    unsigned since_stretch; /* samples */
    uint64_t played, concealed, recovered;
};

void voice_in_init(struct voice_in *v);
void voice_in_deinit(struct voice_in *v);
void voice_in_reset(struct voice_in *v); /* another source speaks */
/* The payload of an RTP packet; a malformed one is dropped. */
void voice_in_packet(struct voice_in *v, uint32_t timestamp, struct bytes payload, bool is_red,
                     uint64_t now_ms);
/* False: nothing was heard yet; `out` is silence then. */
bool voice_in_play(struct voice_in *v, uint64_t now_ms, int16_t out[VOICE_TICK]);
/* Whether this packet holds a copy of the sound before it. */
bool voice_has_redundancy(struct bytes packet);

#endif
