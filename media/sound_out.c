/* sound_out.c: what is heard is written. */
#include "media/sound_out.h"

#include <errno.h>
#include <opus/opus.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "media/wav.h"

enum { OGG_BITRATE = 32000 };

static bool write_file(struct sound_out *s, const void *data, size_t n)
{
    const char *p = data;

    while (n > 0 && !s->file_failed) {
        ssize_t done = write(s->file, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            s->file_failed = true;
        else {
            p += done;
            n -= (size_t)done;
        }
    }
    return !s->file_failed;
}

enum err sound_out_init(struct sound_out *s, int file, bool as_opus, uint32_t serial, int speaker)
{
    uint8_t head[512];
    int failed;

    memset(s, 0, sizeof *s);
    s->file = file;
    s->speaker = speaker;
    s->as_opus = as_opus;
    if (file < 0)
        return ERR_NONE;
    if (!as_opus) {
        /* The number of samples is put in at the end, if there is one: the file is of use before. */
        wav_write(head, VOICE_RATE, UINT32_MAX / 2 - WAV_HEAD);
        return write_file(s, head, WAV_HEAD) ? ERR_NONE : ERR_IO;
    }
    s->encoder = opus_encoder_create(VOICE_RATE, 1, OPUS_APPLICATION_VOIP, &failed);
    if (s->encoder == NULL
        || opus_encoder_ctl(s->encoder, OPUS_SET_BITRATE(OGG_BITRATE)) != OPUS_OK)
        return ERR_IO;
    return write_file(s, head, ogg_write_heads(&s->ogg, serial, head)) ? ERR_NONE : ERR_IO;
}

static void write_ogg(struct sound_out *s, bool last)
{
    uint8_t packet[1275], page[OGG_HEAD + 6 + 1275];
    int n = opus_encode(s->encoder, s->frame, COUNT_OF(s->frame), packet, sizeof packet);

    s->filled = 0;
    if (n > 0)
        write_file(
            s, page,
            ogg_write_packet(&s->ogg, bytes_of(packet, (size_t)n), COUNT_OF(s->frame), last, page));
}

static void write_speaker(struct sound_out *s, const int16_t in[VOICE_TICK])
{
    ssize_t n = write(s->speaker, in, VOICE_TICK * sizeof *in);

    /* A full pipe is a loudspeaker whose clock is slower than ours: these 10 ms are dropped. */
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        s->speaker_failed = true;
}

void sound_out_write(struct sound_out *s, const int16_t in[VOICE_TICK])
{
    s->samples += VOICE_TICK;
    if (s->speaker >= 0 && !s->speaker_failed)
        write_speaker(s, in);
    if (s->file < 0 || s->file_failed)
        return;
    if (!s->as_opus) {
        write_file(s, in, VOICE_TICK * sizeof *in);
        return;
    }
    memcpy(s->frame + s->filled, in, VOICE_TICK * sizeof *in);
    s->filled += VOICE_TICK;
    if (s->filled == COUNT_OF(s->frame))
        write_ogg(s, false);
}

void sound_out_deinit(struct sound_out *s)
{
    uint8_t head[WAV_HEAD];

    if (s->file >= 0 && !s->file_failed && s->as_opus) {
        memset(s->frame + s->filled, 0, (COUNT_OF(s->frame) - s->filled) * sizeof *s->frame);
        write_ogg(s, true);
    } else if (s->file >= 0 && !s->file_failed) {
        wav_write(head, VOICE_RATE, s->samples);
        /* A pipe has no beginning to go back to. */
        if (pwrite(s->file, head, sizeof head, 0) < 0)
            s->file_failed = errno != ESPIPE;
    }
    opus_encoder_destroy(s->encoder);
    s->encoder = NULL;
}
