/* voice_out.h: what is said: 10 ms of sound at a time become packets of Opus.
 *
 * Packets are all of one size and come at equal times, whatever is said (CBR, no DTX unless asked for): their lengths tell nothing. Two
 * ways of speaking, chosen by what the other side reports of losses and by nothing else:
 *
 *   calm    packets of 60 ms (`packet_ms`), each with a coarse copy of the one before (in-band FEC): few packets, little power
 *   lossy   packets of 20 ms, each with whole copies of the two before (RED) if both sides speak that, else as above. A call begins so
 *
 * Owns: the encoder, until voice_out_deinit().  Threads: one at a time.  Units: samples at 48 kHz, mono; octets.
 */
#ifndef SOTTO_MEDIA_VOICE_OUT_H
#define SOTTO_MEDIA_VOICE_OUT_H

#include "media/voice_in.h"

struct voice_out_config {
    unsigned bitrate, packet_ms;
    bool dtx;
};

enum {
    VOICE_COPIES = 2,
    VOICE_COPY_MAX = 320,
    VOICE_PAYLOAD_MAX = JITTER_FRAME_MAX + VOICE_COPIES * VOICE_COPY_MAX + 9
};

struct voice_copy {
    uint32_t timestamp;
    size_t size; /* 0: none */
    uint8_t data[VOICE_COPY_MAX];
};

struct voice_out {
    void *encoder;
    struct voice_out_config config;
    int16_t pcm[VOICE_PACKET_MAX];
    unsigned filled, packet_samples;
    uint32_t timestamp;                     /* of the next packet's first sample */
    struct voice_copy copies[VOICE_COPIES]; /* of the packets before, the oldest first */
    bool lossy, red;                        /* red: copies go along now */
    unsigned loss_percent;
    unsigned calm; /* reports without loss in a row */
};

struct voice_packet {
    uint32_t timestamp;
    bool is_red;
    size_t size;
    uint8_t data[VOICE_PAYLOAD_MAX];
};

void voice_out_init(struct voice_out *v, const struct voice_out_config *config, uint32_t timestamp);
void voice_out_deinit(struct voice_out *v);
/* True: a packet is full. `opus_type` is what RED calls its content; `may_red`: the peer takes RED. */
bool voice_out_feed(struct voice_out *v, const int16_t in[VOICE_TICK], bool may_red,
                    uint8_t opus_type, struct voice_packet *out);
/* The other side's report, of 256. */
void voice_out_report(struct voice_out *v, uint8_t fraction_lost);

#endif
