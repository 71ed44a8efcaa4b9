/* sound_in.h: where what is said comes from: silence, a tone, a file, or a microphone.
 *
 * A microphone is another process behind a pipe of samples (sound_device.h): nothing here blocks on it.
 * Owns: what is needed to decode a file; not the descriptor.  Threads: one at a time.  Units: samples at 48 kHz, mono.
 * Errors: ERR_MALFORMED, ERR_UNSUPPORTED (no WAV of PCM, no Ogg Opus), ERR_IO.
 */
#ifndef SOTTO_MEDIA_SOUND_IN_H
#define SOTTO_MEDIA_SOUND_IN_H

#include "base/buf.h"
#include "media/voice_in.h"
#include "media/wav.h"

enum sound_kind { SOUND_SILENCE, SOUND_TONE, SOUND_WAV, SOUND_OGG, SOUND_PIPE };

struct sound_in {
    enum sound_kind kind;
    int fd;
    bool ended;
    double phase, step; /* of a tone */
    struct wav wav;
    double position;   /* in `raw`, samples of the file */
    struct buf raw;    /* octets of the file that were read and not used */
    void *decoder;     /* of Ogg Opus */
    struct buf packet; /* of Ogg: one that goes on on the next page */
    unsigned skip;     /* samples at the beginning that are none: RFC 7845 §4.2 */
    unsigned packets;  /* seen so far; the first two are heads */
    int16_t pcm[2 * VOICE_PACKET_MAX];
    size_t pending;
};

void sound_in_silence(struct sound_in *s);
void sound_in_tone(struct sound_in *s, unsigned hz);
CHECKED enum err sound_in_file(struct sound_in *s, int fd);
void sound_in_pipe(struct sound_in *s, int fd);
void sound_in_deinit(struct sound_in *s);
/* What is not there is silence; `ended` says that it will not come any more. */
void sound_in_read(struct sound_in *s, int16_t out[VOICE_TICK]);

#endif
