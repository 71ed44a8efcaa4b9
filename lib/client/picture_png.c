/* picture_png.c: chunks of PNG (ISO/IEC 15948 §5, §11): those that decode the picture stay as they are, all others go.
 *
 *     signature  [length(4) type(4) content crc(4)]*  IEND
 */
#include <string.h>

#include "base/reader.h"
#include "client/picture.h"

enum { SIGNATURE_SIZE = 8, HEAD = 8, CRC = 4, IHDR_SIZE = 13 };

enum state { SIGNATURE, CHUNK_HEAD, FIRST_CHUNK, CHUNK };

static bool is_in(const uint8_t *type, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(type, list[i], 4) == 0)
            return true;
    return false;
}

/* Colours, transparency, animation. Not among them: eXIf, tIME, all text, and what applications make up. */
static bool decodes(const uint8_t *type)
{
    static const char *const kept[] = { "PLTE", "IDAT", "IEND", "tRNS", "gAMA",
                                        "cHRM", "sRGB", "iCCP", "cICP", "sBIT",
                                        "bKGD", "pHYs", "acTL", "fcTL", "fdAT" };

    return is_in(type, kept, COUNT_OF(kept));
}

static bool is_critical(const uint8_t *type)
{
    return (type[0] & 0x20) == 0;
}

static void add_part(struct picture *p, struct buf *out)
{
    buf_add(out, buf_str(&p->part));
    buf_reset(&p->part);
}

static enum err chunk_head(struct picture *p, struct buf *out)
{
    const uint8_t *type = (const uint8_t *)p->part.p + 4;
    struct reader r = reader_of(buf_bytes(&p->part));
    uint32_t length = read_u32(&r);
    bool first = p->width == 0;

    if (length > INT32_MAX || first != (memcmp(type, "IHDR", 4) == 0)
        || (first && length != IHDR_SIZE))
        return ERR_MALFORMED;
    p->keep = first || decodes(type);
    if (!p->keep && is_critical(type))
        return ERR_MALFORMED;
    p->marker = memcmp(type, "IEND", 4) == 0;
    p->left = length + CRC;
    p->state = first ? FIRST_CHUNK : CHUNK;
    if (p->keep)
        buf_add(out, buf_str(&p->part));
    buf_reset(&p->part);
    return ERR_NONE;
}

static enum err first_chunk(struct picture *p, struct buf *out)
{
    struct reader r = reader_of(buf_bytes(&p->part));

    p->width = read_u32(&r);
    p->height = read_u32(&r);
    p->state = CHUNK_HEAD;
    add_part(p, out);
    return p->width == 0 || p->height == 0 ? ERR_MALFORMED : ERR_NONE;
}

/* Until the part has `n` octets. */
static bool collect(struct picture *p, struct bytes *in, size_t n)
{
    size_t more = n - p->part.n < in->n ? n - p->part.n : in->n;

    buf_add_bytes(&p->part, bytes_of(in->p, more));
    *in = bytes_of(in->p + more, in->n - more);
    return p->part.n == n;
}

static void chunk(struct picture *p, struct bytes *in, struct buf *out)
{
    size_t n = in->n < p->left ? in->n : p->left;

    if (p->keep)
        buf_add_bytes(out, bytes_of(in->p, n));
    *in = bytes_of(in->p + n, in->n - n);
    p->left -= (uint32_t)n;
    if (p->left == 0) {
        p->state = CHUNK_HEAD;
        p->whole = p->marker;
    }
}

enum err picture_png(struct picture *p, struct bytes in, struct buf *out)
{
    enum err e = ERR_NONE;

    while (in.n > 0 && e == ERR_NONE && !p->whole) {
        switch ((enum state)p->state) {
        case SIGNATURE:
            if (!collect(p, &in, SIGNATURE_SIZE))
                break;
            if (picture_kind_of(buf_bytes(&p->part)) != PICTURE_PNG)
                return ERR_MALFORMED;
            add_part(p, out);
            p->state = CHUNK_HEAD;
            break;
        case CHUNK_HEAD:
            if (collect(p, &in, HEAD))
                e = chunk_head(p, out);
            break;
        case FIRST_CHUNK:
            if (collect(p, &in, IHDR_SIZE + CRC))
                e = first_chunk(p, out);
            break;
        case CHUNK: chunk(p, &in, out); break;
        }
    }
    return e;
}
