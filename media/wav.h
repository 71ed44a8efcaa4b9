/* wav.h: WAV files (RIFF, PCM of 16 bits): the head of one read, the head of ours written.
 *
 * Owns: nothing.  Threads: pure.  Units: octets, Hz.  Errors: ERR_MALFORMED; ERR_UNSUPPORTED: no PCM of 16 bits.
 */
#ifndef SOTTO_MEDIA_WAV_H
#define SOTTO_MEDIA_WAV_H

#include "base/str.h"

enum { WAV_HEAD = 44, WAV_HEAD_MAX = 4096 };

struct wav {
    uint32_t rate;
    unsigned channels;
    size_t data_at; /* where the samples begin */
};

/* `head`: the beginning of a file, WAV_HEAD_MAX octets or all of it. */
CHECKED enum err wav_read(struct bytes head, struct wav *out);
/* Mono. `samples` of UINT32_MAX / 2: not known yet; players take it for "to the end of the file". */
void wav_write(uint8_t out[WAV_HEAD], uint32_t rate, uint32_t samples);

#endif
