/* wav.c: heads of WAV files. */
#include "media/wav.h"

#include <string.h>

#include "base/reader.h"

enum { PCM = 1, EXTENSIBLE = 0xfffe, RATE_MIN = 8000, RATE_MAX = 96000, SAMPLE = 2 };

static uint16_t little_u16(struct reader *r)
{
    uint16_t v = read_u16(r);

    return (uint16_t)(v << 8 | v >> 8);
}

static uint32_t little_u32(struct reader *r)
{
    return __builtin_bswap32(read_u32(r));
}

static enum err read_format(struct bytes chunk, struct wav *out)
{
    struct reader r = reader_of(chunk);
    uint16_t format = little_u16(&r), bits;

    out->channels = little_u16(&r);
    out->rate = little_u32(&r);
    little_u32(&r); /* octets per second */
    little_u16(&r); /* octets per frame */
    bits = little_u16(&r);
    if (r.failed)
        return ERR_MALFORMED;
    if ((format != PCM && format != EXTENSIBLE) || bits != 8 * SAMPLE || out->channels < 1
        || out->channels > 2 || out->rate < RATE_MIN || out->rate > RATE_MAX)
        return ERR_UNSUPPORTED;
    return ERR_NONE;
}

enum err wav_read(struct bytes head, struct wav *out)
{
    struct reader r = reader_of(head);
    struct wav found = { 0 };
    enum err e;

    if (!str_is(str_of_bytes(read_bytes(&r, 4)), "RIFF"))
        return ERR_MALFORMED;
    read_bytes(&r, 4);
    if (!str_is(str_of_bytes(read_bytes(&r, 4)), "WAVE"))
        return ERR_MALFORMED;
    while (!r.failed) {
        struct str name = str_of_bytes(read_bytes(&r, 4));
        uint32_t size = little_u32(&r);
        struct bytes chunk;

        if (!r.failed && str_is(name, "data")) {
            found.data_at = head.n - r.left.n;
            *out = found;
            return found.rate != 0 ? ERR_NONE : ERR_MALFORMED;
        }
        chunk = read_bytes(&r, size);
        read_bytes(&r, size & 1); /* chunks are padded to even sizes */
        if (str_is(name, "fmt ") && !r.failed && (e = read_format(chunk, &found)) != ERR_NONE)
            return e;
    }
    return ERR_MALFORMED;
}

static void put_little(uint8_t *p, uint32_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

void wav_write(uint8_t out[WAV_HEAD], uint32_t rate, uint32_t samples)
{
    uint32_t octets = samples * SAMPLE;

    memcpy(out, "RIFF....WAVEfmt ", 16);
    put_little(out + 4, octets + WAV_HEAD - 8, 4);
    put_little(out + 16, 16, 4);
    put_little(out + 20, PCM, 2);
    put_little(out + 22, 1, 2);
    put_little(out + 24, rate, 4);
    put_little(out + 28, rate * SAMPLE, 4);
    put_little(out + 32, SAMPLE, 2);
    put_little(out + 34, 8 * SAMPLE, 2);
    memcpy(out + 36, "data", 4);
    put_little(out + 40, octets, 4);
}
