/* picture_jpeg.c: segments of JPEG (ITU-T T.81, annex B): each is kept or left out, the scans between them are kept as they are.
 *
 *     FFD8  [FF marker, length, …]*  FFDA length …  scan  [segments, scans]*  FFD9
 *
 * What is not of the lists below, be it an application's or reserved, is left out or ends it: what nobody knows may tell anything.
 */
#include <string.h>

#include "base/reader.h"
#include "client/picture.h"

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, DQT = 0xdb, DNL = 0xdc, DRI = 0xdd };
enum { SOF0 = 0xc0, DHT = 0xc4, JPG = 0xc8, DAC = 0xcc, SOF15 = 0xcf };
enum { APP0 = 0xe0, APP1 = 0xe1, APP2 = 0xe2, APP14 = 0xee, APP15 = 0xef, COM = 0xfe };
enum { JFIF_HEAD = 14 }; /* without its small picture */

enum state {
    BEGIN,
    BEGIN_MARKER,
    BETWEEN,
    MARKER,
    LENGTH_HIGH,
    LENGTH_LOW,
    SEGMENT,
    SCAN,
    SCAN_MARKER
};

/* ---- Which side is up ------------------------------------------------------------------------------ */

struct tiff {
    struct bytes all;
    bool little;
};

static uint32_t tiff_number(const struct tiff *t, size_t at, size_t n)
{
    uint32_t value = 0;

    if (at > t->all.n || n > t->all.n - at)
        return 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | t->all.p[at + (t->little ? n - 1 - i : i)];
    return value;
}

/* Tag 274 of the first directory (Exif 2.32 §4.6.4), 1 to 8; 1 is upright, and what we make of everything else. */
static uint8_t orientation_of(struct bytes exif)
{
    struct tiff t = { .all = bytes_of(exif.p + 6, exif.n - 6) };
    uint32_t at, entries;

    t.little = t.all.n > 0 && t.all.p[0] == 'I';
    if (tiff_number(&t, 2, 2) != 42)
        return 1;
    at = tiff_number(&t, 4, 4);
    entries = tiff_number(&t, at, 2);
    for (uint32_t i = 0; i < entries; i++) {
        size_t entry = (size_t)at + 2 + (size_t)i * 12;

        if (tiff_number(&t, entry, 2) == 0x112 && tiff_number(&t, entry + 2, 2) == 3) {
            uint32_t value = tiff_number(&t, entry + 8, 2);

            return value >= 1 && value <= 8 ? (uint8_t)value : 1;
        }
    }
    return 1;
}

/* A whole APP1 that says nothing but that. */
static void add_orientation(struct buf *out, uint8_t orientation)
{
    static const char segment[] = "\xff\xe1\x00\x22"
                                  "Exif\0\0"
                                  "MM\0\x2a\0\0\0\x08"
                                  "\0\x01"
                                  "\x01\x12\0\x03\0\0\0\x01\0";

    buf_add(out, (struct str){ segment, sizeof segment - 1 });
    buf_add_char(out, (char)orientation);
    buf_add(out, STR("\0\0"
                     "\0\0\0\0"));
}

/* ---- Segments -------------------------------------------------------------------------------------- */

static bool begins(struct bytes b, struct str with)
{
    return b.n >= with.n && memcmp(b.p, with.p, with.n) == 0;
}

static bool is_frame(uint8_t marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static bool decodes(uint8_t marker)
{
    return is_frame(marker) || marker == DHT || marker == DAC || marker == SOS || marker == DQT
           || marker == DNL || marker == DRI;
}

static bool is_known(uint8_t marker)
{
    return decodes(marker) || (marker >= APP0 && marker <= APP15) || marker == COM;
}

static void write_segment(struct buf *out, uint8_t marker, struct bytes content)
{
    buf_add_char(out, (char)0xff);
    buf_add_char(out, (char)marker);
    buf_add_char(out, (char)((content.n + 2) >> 8));
    buf_add_char(out, (char)((content.n + 2) & 0xff));
    buf_add_bytes(out, content);
}

static void write_jfif(struct buf *out, struct bytes content)
{
    uint8_t head[JFIF_HEAD];

    memcpy(head, content.p, sizeof head);
    head[12] = head[13] = 0; /* the small picture's width and height */
    write_segment(out, APP0, bytes_of(head, sizeof head));
}

static void application(struct picture *p, struct buf *out, struct bytes content)
{
    bool colours = (p->marker == APP2 && begins(content, STR("ICC_PROFILE\0")))
                   || (p->marker == APP14 && begins(content, STR("Adobe")));

    if (colours) {
        write_segment(out, p->marker, content);
    } else if (p->marker == APP0 && content.n >= JFIF_HEAD && begins(content, STR("JFIF\0"))) {
        write_jfif(out, content);
    } else if (p->marker == APP1 && begins(content, STR("Exif\0\0")) && !p->turned) {
        uint8_t orientation = orientation_of(content);

        p->turned = true;
        if (orientation > 1)
            add_orientation(out, orientation);
    }
}

static void segment(struct picture *p, struct buf *out)
{
    struct bytes content = buf_bytes(&p->part);

    if (is_frame(p->marker) && content.n >= 5) {
        p->height = (uint32_t)content.p[1] << 8 | content.p[2];
        p->width = (uint32_t)content.p[3] << 8 | content.p[4];
    }
    if (decodes(p->marker))
        write_segment(out, p->marker, content);
    else
        application(p, out, content);
    p->state = p->marker == SOS ? SCAN : BETWEEN;
}

/* ---- Octets ---------------------------------------------------------------------------------------- */

static enum err marker(struct picture *p, uint8_t c, struct buf *out)
{
    if (c == 0xff)
        return ERR_NONE; /* filling: §B.1.1.2 */
    if (c == EOI) {
        buf_add(out, STR("\xff\xd9"));
        p->whole = true;
        return ERR_NONE;
    }
    p->marker = c;
    p->state = LENGTH_HIGH;
    return is_known(c) ? ERR_NONE : ERR_MALFORMED;
}

static enum err scan_marker(struct picture *p, uint8_t c, struct buf *out)
{
    bool of_scan = c == 0 || (c >= 0xd0 && c <= 0xd7); /* a stuffed octet, a restart */

    if (!of_scan)
        return marker(p, c, out);
    buf_add_char(out, (char)0xff);
    buf_add_char(out, (char)c);
    p->state = SCAN;
    return ERR_NONE;
}

static enum err length(struct picture *p, uint8_t c, struct buf *out)
{
    p->left = p->left << 8 | c;
    if (p->left < 2)
        return ERR_MALFORMED;
    p->left -= 2;
    buf_reset(&p->part);
    p->state = SEGMENT;
    if (p->left == 0)
        segment(p, out);
    return ERR_NONE;
}

static enum err octet(struct picture *p, uint8_t c, struct buf *out)
{
    switch ((enum state)p->state) {
    case BEGIN: p->state = BEGIN_MARKER; return c == 0xff ? ERR_NONE : ERR_MALFORMED;
    case BEGIN_MARKER:
        p->state = BETWEEN;
        buf_add(out, STR("\xff\xd8"));
        return c == SOI ? ERR_NONE : ERR_MALFORMED;
    case BETWEEN: p->state = MARKER; return c == 0xff ? ERR_NONE : ERR_MALFORMED;
    case MARKER: return marker(p, c, out);
    case LENGTH_HIGH:
        p->left = c;
        p->state = LENGTH_LOW;
        return ERR_NONE;
    case LENGTH_LOW: return length(p, c, out);
    case SCAN: p->state = SCAN_MARKER; return ERR_NONE;
    case SCAN_MARKER: return scan_marker(p, c, out);
    case SEGMENT: break;
    }
    return ERR_NONE;
}

/* As much of a segment or a scan as there is. */
static size_t run(struct picture *p, struct bytes in, struct buf *out)
{
    const uint8_t *end;
    size_t n = in.n;

    if (p->state == SEGMENT) {
        n = n < p->left ? n : p->left;
        buf_add_bytes(&p->part, bytes_of(in.p, n));
        p->left -= (uint32_t)n;
        if (p->left == 0)
            segment(p, out);
        return n;
    }
    end = memchr(in.p, 0xff, in.n);
    n = end != NULL ? (size_t)(end - in.p) : in.n;
    buf_add_bytes(out, bytes_of(in.p, n));
    return n;
}

enum err picture_jpeg(struct picture *p, struct bytes in, struct buf *out)
{
    enum err e = ERR_NONE;

    for (size_t i = 0; i < in.n && e == ERR_NONE && !p->whole;) {
        if (p->state == SEGMENT || (p->state == SCAN && in.p[i] != 0xff))
            i += run(p, bytes_of(in.p + i, in.n - i), out);
        else
            e = octet(p, in.p[i++], out);
    }
    return e;
}
