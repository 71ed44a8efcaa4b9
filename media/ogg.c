/* ogg.c: pages of Ogg with Opus in them. */
#include "media/ogg.h"

#include <assert.h>
#include <string.h>

#include "base/reader.h"

enum { CONTINUED = 1, FIRST = 2, LAST = 4, CHECKSUM_AT = 22, PRE_SKIP = 312, RATE = 48000 };

/* ---- Reading ---- */

enum err ogg_read_page(struct bytes in, struct ogg_page *out)
{
    struct reader r = reader_of(in);
    struct ogg_page page = { 0 };
    size_t octets = 0;
    uint8_t count;

    if (in.n < OGG_HEAD)
        return ERR_TOO_BIG;
    if (!str_is(str_of_bytes(read_bytes(&r, 4)), "OggS") || read_u8(&r) != 0)
        return ERR_MALFORMED;
    page.continued = (read_u8(&r) & CONTINUED) != 0;
    read_bytes(&r, 20); /* position, serial, number, checksum */
    count = read_u8(&r);
    page.lacing = read_bytes(&r, count);
    if (r.failed)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < page.lacing.n; i++)
        octets += page.lacing.p[i];
    page.body = read_bytes(&r, octets);
    if (r.failed)
        return ERR_TOO_BIG;
    page.size = in.n - r.left.n;
    *out = page;
    return ERR_NONE;
}

/* ---- Writing ---- */

static void put_little(uint8_t *p, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* RFC 3533 §6: polynomial 0x04c11db7, not reflected, from 0. */
static uint32_t checksum(const uint8_t *p, size_t n)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)p[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7u : 0);
    }
    return crc;
}

static size_t write_page(struct ogg_writer *w, unsigned flags, uint64_t position,
                         struct bytes packet, uint8_t *out)
{
    size_t laces = packet.n / 255 + 1, n = OGG_HEAD + laces;

    memset(out, 0, n);
    memcpy(out, "OggS", 4);
    out[5] = (uint8_t)flags;
    put_little(out + 6, position, 8);
    put_little(out + 14, w->serial, 4);
    put_little(out + 18, w->page++, 4);
    out[26] = (uint8_t)laces;
    memset(out + OGG_HEAD, 255, laces - 1);
    out[OGG_HEAD + laces - 1] = (uint8_t)(packet.n % 255);
    memcpy(out + n, packet.p, packet.n);
    n += packet.n;
    put_little(out + CHECKSUM_AT, checksum(out, n), 4);
    return n;
}

size_t ogg_write_heads(struct ogg_writer *w, uint32_t serial, uint8_t out[512])
{
    uint8_t head[19] = "OpusHead", tags[8 + 4 + 5 + 4] = "OpusTags";
    size_t n;

    *w = (struct ogg_writer){ .serial = serial };
    head[8] = 1; /* version */
    head[9] = 1; /* channels */
    put_little(head + 10, PRE_SKIP, 2);
    put_little(head + 12, RATE, 4);
    tags[8] = 5;
    memcpy(tags + 12, "sotto", 5);
    n = write_page(w, FIRST, 0, bytes_of(head, sizeof head), out);
    return n + write_page(w, 0, 0, bytes_of(tags, sizeof tags), out + n);
}

size_t ogg_write_packet(struct ogg_writer *w, struct bytes packet, unsigned samples, bool last,
                        uint8_t out[OGG_HEAD + 6 + 1275])
{
    assert(packet.n <= 1275);
    w->samples += samples;
    return write_page(w, last ? LAST : 0, w->samples, packet, out);
}
