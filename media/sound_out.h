/* sound_out.h: where what is heard goes: a file (WAV, Ogg Opus), and a loudspeaker behind a pipe of samples (sound_device.h).
 *
 * Owns: an encoder for Ogg; not the descriptors.  Threads: one at a time.  Units: samples at 48 kHz, mono.
 */
#ifndef SOTTO_MEDIA_SOUND_OUT_H
#define SOTTO_MEDIA_SOUND_OUT_H

#include "media/ogg.h"
#include "media/voice_in.h"

struct sound_out {
    int file, speaker; /* -1: none */
    bool as_opus, file_failed, speaker_failed;
    uint32_t samples;
    void *encoder;
    struct ogg_writer ogg;
    int16_t frame[2 * VOICE_TICK];
    size_t filled;
};

CHECKED enum err sound_out_init(struct sound_out *s, int file, bool as_opus, uint32_t serial,
                                int speaker);
void sound_out_write(struct sound_out *s, const int16_t in[VOICE_TICK]);
void sound_out_deinit(struct sound_out *s); /* completes the file */

#endif
