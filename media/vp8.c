/* vp8.c: descriptors and heads of VP8. */
#include "media/vp8.h"

#include <string.h>

#include "base/reader.h"

enum { HAS_MORE = 0x80, BEGINS = 0x10, PARTITION = 0x07 };
enum { HAS_ID = 0x80, HAS_LEVEL = 0x40, HAS_LAYER = 0x20, HAS_KEY = 0x10, LONG_ID = 0x80 };

enum err vp8_read_piece(struct bytes payload, struct vp8_piece *out)
{
    struct reader r = reader_of(payload);
    uint8_t first = read_u8(&r), more = first & HAS_MORE ? read_u8(&r) : 0;

    if ((more & HAS_ID) != 0 && (read_u8(&r) & LONG_ID) != 0)
        read_u8(&r);
    if ((more & HAS_LEVEL) != 0)
        read_u8(&r);
    if ((more & (HAS_LAYER | HAS_KEY)) != 0)
        read_u8(&r);
    if (r.failed || r.left.n == 0)
        return ERR_MALFORMED;
    out->begins = (first & BEGINS) != 0 && (first & PARTITION) == 0;
    out->data = r.left;
    return ERR_NONE;
}

uint8_t vp8_descriptor(bool begins)
{
    return begins ? BEGINS : 0;
}

/* RFC 6386 §9.1 */
enum err vp8_read_head(struct bytes frame, struct vp8_head *out)
{
    const uint8_t *p = frame.p;

    if (frame.n < 3)
        return ERR_MALFORMED;
    *out = (struct vp8_head){ .whole = (p[0] & 1) == 0 };
    if (!out->whole)
        return ERR_NONE;
    if (frame.n < VP8_HEAD || p[3] != 0x9d || p[4] != 0x01 || p[5] != 0x2a)
        return ERR_MALFORMED;
    out->width = (p[6] | (unsigned)p[7] << 8) & 0x3fff;
    out->height = (p[8] | (unsigned)p[9] << 8) & 0x3fff;
    return out->width > 0 && out->height > 0 ? ERR_NONE : ERR_MALFORMED;
}

static void put_little(uint8_t *p, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

void ivf_write_head(uint8_t out[IVF_HEAD], unsigned width, unsigned height)
{
    memset(out, 0, IVF_HEAD);
    memcpy(out, "DKIF", 4);
    put_little(out + 6, IVF_HEAD, 2);
    memcpy(out + 8, "VP80", 4);
    put_little(out + 12, width, 2);
    put_little(out + 14, height, 2);
    put_little(out + 16, 90000, 4);
    put_little(out + 20, 1, 4);
}

void ivf_write_frame(uint8_t out[IVF_FRAME], size_t size, uint64_t ticks)
{
    put_little(out, size, 4);
    put_little(out + 4, ticks, 8);
}
