/* ogg_opus.c: pages one after the other (RFC 3533 §6):
 *
 *     "OggS" 0 flags  granule(8) serial(4) sequence(4) checksum(4) n  lengths(n)  content     numbers little-endian
 */
#include "client/ogg_opus.h"

#include <string.h>

enum {
    HEAD = 27,
    PAGE_MAX = HEAD + 255 + 255 * 255,
    AT_FLAGS = 5,
    AT_GRANULE = 6,
    AT_SERIAL = 14,
    AT_SEQUENCE = 18,
    AT_CHECKSUM = 22,
    AT_COUNT = 26,
    SAMPLES_PER_MS = 48,
    OPUS_HEAD = 19,
};

enum { CONTINUED = 1, FIRST = 2, LAST = 4 };

enum expects { THE_HEAD, THE_TAGS, MORE_TAGS, SOUND };

void ogg_opus_init(struct ogg_opus *o)
{
    *o = (struct ogg_opus){ .wanted = HEAD };
    buf_init(&o->page, PAGE_MAX);
}

void ogg_opus_deinit(struct ogg_opus *o)
{
    buf_deinit(&o->page);
}

static uint64_t number(const uint8_t *p, size_t n)
{
    uint64_t value = 0;

    while (n-- > 0)
        value = value << 8 | p[n];
    return value;
}

/* ---- Pages ----------------------------------------------------------------------------------------- */

struct page {
    uint8_t flags;
    uint64_t granule;
    uint32_t serial, sequence;
    struct bytes lengths, content;
};

/* RFC 3533 §6 (22): polynomial 04c11db7, neither reflected nor inverted, over the page with zeros here. */
static uint32_t checksum(struct bytes page)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < page.n; i++) {
        crc ^= (uint32_t)(i >= AT_CHECKSUM && i < AT_COUNT ? 0 : page.p[i]) << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
    }
    return crc;
}

static enum err page_read(struct bytes b, struct page *out)
{
    size_t count = b.p[AT_COUNT];

    if (number(b.p + AT_CHECKSUM, 4) != checksum(b) || b.p[AT_FLAGS] > (CONTINUED | FIRST | LAST))
        return ERR_MALFORMED;
    *out = (struct page){
        .flags = b.p[AT_FLAGS],
        .granule = number(b.p + AT_GRANULE, 8),
        .serial = (uint32_t)number(b.p + AT_SERIAL, 4),
        .sequence = (uint32_t)number(b.p + AT_SEQUENCE, 4),
        .lengths = bytes_of(b.p + HEAD, count),
        .content = bytes_of(b.p + HEAD + count, b.n - HEAD - count),
    };
    return ERR_NONE;
}

static bool ends_open(const struct page *p)
{
    return p->lengths.n > 0 && p->lengths.p[p->lengths.n - 1] == 255;
}

static size_t packets_ended(const struct page *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->lengths.n; i++)
        n += p->lengths.p[i] < 255;
    return n;
}

/* ---- What is in them (RFC 7845) -------------------------------------------------------------------- */

/* §5.1: "OpusHead" version channels pre-skip(2) rate(4) gain(2) family. Family 0 has one or two channels. */
static enum err take_head(struct ogg_opus *o, const struct page *p)
{
    const uint8_t *head = p->content.p;

    if (p->content.n < OPUS_HEAD || memcmp(head, "OpusHead", 8) != 0)
        return ERR_UNSUPPORTED;
    if (packets_ended(p) != 1 || ends_open(p) || p->granule != 0 || p->sequence != 0
        || (p->flags & LAST) != 0)
        return ERR_MALFORMED;
    if (head[8] > 15 || head[9] == 0 || head[9] > 2 || head[18] != 0)
        return ERR_UNSUPPORTED;
    o->serial = p->serial;
    o->skipped = (uint32_t)number(head + 10, 2);
    o->expects = THE_TAGS;
    return ERR_NONE;
}

/* §5.2: one packet, over however many pages, and nothing else on them. */
static enum err take_tags(struct ogg_opus *o, const struct page *p)
{
    size_t ended = packets_ended(p);

    if (o->expects == THE_TAGS && (p->content.n < 8 || memcmp(p->content.p, "OpusTags", 8) != 0))
        return ERR_MALFORMED;
    if ((p->flags & LAST) != 0 || ended > 1 || (ended == 1) == ends_open(p)
        || (ended == 1 && p->granule != 0))
        return ERR_MALFORMED;
    o->expects = ended == 1 ? SOUND : MORE_TAGS;
    return ERR_NONE;
}

/* §4: the granule is where the last packet that ends on the page ends; without one it says nothing. */
static enum err take_sound(struct ogg_opus *o, const struct page *p)
{
    if (packets_ended(p) == 0)
        return p->granule == UINT64_MAX ? ERR_NONE : ERR_MALFORMED;
    if (p->granule > INT64_MAX || p->granule < o->samples)
        return ERR_MALFORMED;
    o->samples = p->granule;
    return ERR_NONE;
}

static enum err take_page(struct ogg_opus *o)
{
    struct page p;
    enum err e;

    if (page_read(buf_bytes(&o->page), &p) != ERR_NONE || o->ended
        || ((p.flags & FIRST) != 0) != (o->expects == THE_HEAD)
        || ((p.flags & CONTINUED) != 0) != o->open
        || (o->expects != THE_HEAD && (p.serial != o->serial || p.sequence != o->sequence)))
        return ERR_MALFORMED;
    if (o->expects == THE_HEAD)
        e = take_head(o, &p);
    else
        e = o->expects == SOUND ? take_sound(o, &p) : take_tags(o, &p);
    o->sequence = p.sequence + 1;
    o->open = ends_open(&p);
    o->ended = (p.flags & LAST) != 0;
    return e == ERR_NONE && o->ended && o->open ? ERR_MALFORMED : e;
}

/* ---- Octets ---------------------------------------------------------------------------------------- */

/* Each part of a page tells how long the next one is. */
static enum err part_came(struct ogg_opus *o)
{
    const uint8_t *p = (const uint8_t *)o->page.p;
    size_t lengths = HEAD + (size_t)p[AT_COUNT];
    enum err e;

    if (o->wanted == HEAD) {
        if (memcmp(p, "OggS\0", 5) != 0)
            return ERR_MALFORMED;
        o->wanted = lengths;
        if (lengths > HEAD)
            return ERR_NONE;
    }
    if (o->wanted == lengths) {
        for (size_t i = HEAD; i < lengths; i++)
            o->wanted += p[i];
        if (o->wanted > lengths)
            return ERR_NONE;
    }
    e = take_page(o);
    buf_reset(&o->page);
    o->wanted = HEAD;
    return e;
}

enum err ogg_opus_piece(struct ogg_opus *o, struct bytes in)
{
    enum err e = ERR_NONE;

    while (in.n > 0 && e == ERR_NONE) {
        size_t n = o->wanted - o->page.n < in.n ? o->wanted - o->page.n : in.n;

        buf_add_bytes(&o->page, bytes_of(in.p, n));
        in = bytes_of(in.p + n, in.n - n);
        if (o->page.n == o->wanted)
            e = part_came(o);
    }
    return e;
}

enum err ogg_opus_end(const struct ogg_opus *o, uint32_t *out_duration_ms)
{
    uint64_t ms = o->samples > o->skipped ? (o->samples - o->skipped) / SAMPLES_PER_MS : 0;

    if (!o->ended || o->page.n > 0 || ms == 0)
        return ERR_MALFORMED;
    if (ms > OGG_DURATION_MAX_MS)
        return ERR_UNSUPPORTED;
    *out_duration_ms = (uint32_t)ms;
    return ERR_NONE;
}
