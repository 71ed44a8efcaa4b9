/* sound_in.c: tones, files, pipes. */
#include "media/sound_in.h"

#include <errno.h>
#include <math.h>
#include <opus/opus.h>
#include <string.h>
#include <unistd.h>

#include "media/ogg.h"

enum {
    RAW_MAX = 2 * OGG_PAGE_MAX,
    READ_AT_ONCE = 16384,
    TONE_LEVEL = 12000,
    HEAD_PACKETS = 2,
    PIPE_BACKLOG = 3 * VOICE_TICK, /* more waits in the pipe than this: it is old */
};

static const double two_pi = 6.283185307179586;

static void begin(struct sound_in *s, enum sound_kind kind, int fd)
{
    memset(s, 0, sizeof *s);
    s->kind = kind;
    s->fd = fd;
    buf_init(&s->raw, RAW_MAX);
    buf_init(&s->packet, OGG_PACKET_MAX);
}

void sound_in_silence(struct sound_in *s)
{
    begin(s, SOUND_SILENCE, -1);
}

void sound_in_tone(struct sound_in *s, unsigned hz)
{
    begin(s, SOUND_TONE, -1);
    s->step = two_pi * hz / VOICE_RATE;
}

void sound_in_pipe(struct sound_in *s, int fd)
{
    begin(s, SOUND_PIPE, fd);
}

void sound_in_deinit(struct sound_in *s)
{
    buf_deinit(&s->raw);
    buf_deinit(&s->packet);
    opus_decoder_destroy(s->decoder);
    s->decoder = NULL;
}

/* False: the end, or nothing for now. */
static bool read_more(struct sound_in *s)
{
    char piece[READ_AT_ONCE];
    size_t room = s->raw.limit - s->raw.n;
    ssize_t n = read(s->fd, piece, room < sizeof piece ? room : sizeof piece);

    if (n <= 0) {
        s->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
        return false;
    }
    buf_add(&s->raw, (struct str){ piece, (size_t)n });
    return true;
}

enum err sound_in_file(struct sound_in *s, int fd)
{
    enum err e;
    int failed;

    begin(s, SOUND_WAV, fd);
    while (s->raw.n < WAV_HEAD_MAX && read_more(s))
        ;
    if (str_starts(buf_str(&s->raw), STR("OggS"))) {
        s->kind = SOUND_OGG;
        s->decoder = opus_decoder_create(VOICE_RATE, 1, &failed);
        return s->decoder != NULL ? ERR_NONE : ERR_IO;
    }
    e = wav_read(buf_bytes(&s->raw), &s->wav);
    if (e != ERR_NONE)
        return e;
    buf_consume(&s->raw, s->wav.data_at);
    return ERR_NONE;
}

/* ---- WAV: any rate becomes 48 kHz by straight lines between samples, which is enough for speech ---- */

static int wav_sample(const struct sound_in *s, size_t frame)
{
    int sum = 0, channels = s->wav.channels == 2 ? 2 : 1; /* wav.c takes no others */

    for (int c = 0; c < channels; c++) {
        int16_t v;

        memcpy(&v, s->raw.p + (frame * (size_t)channels + (size_t)c) * sizeof v, sizeof v);
        sum += v;
    }
    return sum / channels;
}

static void read_wav(struct sound_in *s, int16_t *out)
{
    size_t size = s->wav.channels * sizeof *out, used;
    double step = (double)s->wav.rate / VOICE_RATE;
    size_t wanted = (size_t)(s->position + step * VOICE_TICK) + 2;

    while (s->raw.n < wanted * size && read_more(s))
        ;
    for (size_t i = 0; i < VOICE_TICK; i++) {
        size_t at = (size_t)s->position;
        double part = s->position - (double)at;

        if ((at + 2) * size > s->raw.n)
            break;
        out[i] = (int16_t)((1 - part) * wav_sample(s, at) + part * wav_sample(s, at + 1));
        s->position += step;
    }
    used = (size_t)s->position;
    if (used * size > s->raw.n)
        used = s->raw.n / size;
    buf_consume(&s->raw, used * size);
    s->position -= (double)used;
}

/* ---- Ogg Opus ---- */

static void decode_packet(struct sound_in *s, struct bytes packet)
{
    size_t skipped;
    int n;

    if (s->packets++ < HEAD_PACKETS) {
        if (s->packets == 1 && packet.n >= 19) /* RFC 7845 §5.1: where the pre-skip is */
            s->skip = packet.p[10] | (unsigned)packet.p[11] << 8;
        return;
    }
    n = opus_decode(s->decoder, packet.p, (opus_int32)packet.n, s->pcm + s->pending,
                    VOICE_PACKET_MAX, 0);
    if (n <= 0)
        return;
    skipped = s->skip < (unsigned)n ? s->skip : (unsigned)n;
    memmove(s->pcm + s->pending, s->pcm + s->pending + skipped,
            ((size_t)n - skipped) * sizeof *s->pcm);
    s->skip -= (unsigned)skipped;
    s->pending += (size_t)n - skipped;
}

/* The next packet of the first page that is in `raw`; what is left of the page is kept as a page. */
static bool next_packet(struct sound_in *s)
{
    struct ogg_page page;
    size_t at = 0, from = 0;

    while (ogg_read_page(buf_bytes(&s->raw), &page) == ERR_TOO_BIG)
        if (!read_more(s))
            return false;
    if (ogg_read_page(buf_bytes(&s->raw), &page) != ERR_NONE) {
        s->ended = true;
        return false;
    }
    if (!page.continued)
        buf_reset(&s->packet);
    for (size_t i = 0; i < page.lacing.n; i++) {
        at += page.lacing.p[i];
        if (page.lacing.p[i] == 255)
            continue;
        buf_add_bytes(&s->packet, bytes_of(page.body.p + from, at - from));
        from = at;
        if (s->pending + VOICE_PACKET_MAX <= COUNT_OF(s->pcm) && !s->packet.failed)
            decode_packet(s, buf_bytes(&s->packet));
        buf_reset(&s->packet);
    }
    buf_add_bytes(&s->packet, bytes_of(page.body.p + from, at - from));
    buf_consume(&s->raw, page.size);
    return true;
}

static void read_ogg(struct sound_in *s, int16_t *out)
{
    size_t n;

    while (s->pending < VOICE_TICK && next_packet(s))
        ;
    n = s->pending < VOICE_TICK ? s->pending : VOICE_TICK;
    memcpy(out, s->pcm, n * sizeof *out);
    s->pending -= n;
    memmove(s->pcm, s->pcm + n, s->pending * sizeof *s->pcm);
}

/* ---- The others ---- */

static void read_tone(struct sound_in *s, int16_t *out)
{
    for (size_t i = 0; i < VOICE_TICK; i++) {
        out[i] = (int16_t)(TONE_LEVEL * sin(s->phase));
        s->phase += s->step;
        if (s->phase > two_pi)
            s->phase -= two_pi;
    }
}

static void read_pipe(struct sound_in *s, int16_t *out)
{
    size_t tick = VOICE_TICK * sizeof *out;

    while (s->raw.n < s->raw.limit && read_more(s))
        ;
    if (s->raw.n > PIPE_BACKLOG * sizeof *out)
        buf_consume(&s->raw, (s->raw.n - tick) / 2 * 2);
    if (s->raw.n < tick)
        return;
    memcpy(out, s->raw.p, tick);
    buf_consume(&s->raw, tick);
}

void sound_in_read(struct sound_in *s, int16_t out[VOICE_TICK])
{
    memset(out, 0, VOICE_TICK * sizeof *out);
    switch (s->kind) {
    case SOUND_SILENCE: break;
    case SOUND_TONE: read_tone(s, out); break;
    case SOUND_WAV: read_wav(s, out); break;
    case SOUND_OGG: read_ogg(s, out); break;
    case SOUND_PIPE: read_pipe(s, out); break;
    }
}
