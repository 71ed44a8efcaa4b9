/* test_ogg_opus.c: which octets are a voice message, and how long it is, wherever they are cut on their way. */
#include "../check.h"

#include <string.h>

#include "client/ogg_opus.h"

enum { PAGES = 6, ROOM = 4096 };

#define HEAD    "OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0" /* 312 samples are skipped */
#define TAGS    "OpusTags\x04\0\0\0test\0\0\0\0"
#define NOWHERE UINT64_MAX

struct page {
    uint8_t flags;
    uint64_t granule;
    const char *lengths; /* in words of `content`: "." one whole packet, "-" it goes on */
    const char *content;
    size_t n;
    uint32_t serial, sequence; /* added to what belongs there */
};

#define PAGE(flags, granule, lengths, content)                                                     \
    {                                                                                              \
        flags, granule, lengths, content, sizeof(content) - 1, 0, 0                                \
    }

#define TEN "0123456789"
#define LONG                                                                                       \
    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN    \
        TEN TEN "01234"
#define BEGIN PAGE(2, 0, ".", HEAD), PAGE(0, 0, ".", TAGS)

static const struct {
    const char *what;
    struct page pages[PAGES];
    enum err err;
    uint32_t ms;
} streams[] = {
    { "one page of sound", { BEGIN, PAGE(4, 312 + 48000, ".", "sound") }, ERR_NONE, 1000 },
    { "several",
      { BEGIN, PAGE(0, 24312, ".", "a"), PAGE(4, 312 + 96000, ".", "b") },
      ERR_NONE,
      2000 },
    { "a packet over two pages",
      { BEGIN, PAGE(0, NOWHERE, "-", LONG), PAGE(5, 312 + 480, ".", "end") },
      ERR_NONE,
      10 },
    { "tags over two pages",
      { PAGE(2, 0, ".", HEAD),
        PAGE(0, NOWHERE, "-",
             "OpusTags" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
                 TEN TEN TEN TEN TEN "0123456"),
        PAGE(1, 0, ".", "rest"), PAGE(4, 312 + 48, ".", "s") },
      ERR_NONE,
      1 },
    { "two channels",
      { PAGE(2, 0, ".", "OpusHead\x01\x02\0\0\x80\xbb\0\0\0\0\0"), PAGE(0, 0, ".", TAGS),
        PAGE(4, 4800, ".", "s") },
      ERR_NONE,
      100 },
    { "no end", { BEGIN, PAGE(0, 48312, ".", "sound") }, ERR_MALFORMED, 0 },
    { "an end within a packet", { BEGIN, PAGE(4, NOWHERE, "-", LONG) }, ERR_MALFORMED, 0 },
    { "silence of no length", { BEGIN, PAGE(4, 312, ".", "s") }, ERR_MALFORMED, 0 },
    { "more than a day",
      { BEGIN, PAGE(4, (uint64_t)48000 * 86402, ".", "s") },
      ERR_UNSUPPORTED,
      0 },
    { "only its beginning", { BEGIN }, ERR_MALFORMED, 0 },
    { "after the end",
      { BEGIN, PAGE(4, 48312, ".", "s"), PAGE(4, 48312, ".", "s") },
      ERR_MALFORMED,
      0 },
    { "another stream behind it",
      { BEGIN, PAGE(4, 48312, ".", "s"), PAGE(2, 0, ".", HEAD) },
      ERR_MALFORMED,
      0 },
    { "another stream between",
      { BEGIN, { 0, 24000, ".", "a", 1, 1, 0 }, PAGE(4, 48312, ".", "s") },
      ERR_MALFORMED,
      0 },
    { "a page is missing", { BEGIN, { 4, 48312, ".", "a", 1, 0, 1 } }, ERR_MALFORMED, 0 },
    { "back in time",
      { BEGIN, PAGE(0, 48000, ".", "a"), PAGE(4, 47999, ".", "s") },
      ERR_MALFORMED,
      0 },
    { "goes on with nothing", { BEGIN, PAGE(5, 48312, ".", "s") }, ERR_MALFORMED, 0 },
    { "does not go on",
      { BEGIN, PAGE(0, NOWHERE, "-", LONG), PAGE(4, 48312, ".", "s") },
      ERR_MALFORMED,
      0 },
    { "a time without a packet",
      { BEGIN, PAGE(0, 48000, "", ""), PAGE(4, 48312, ".", "s") },
      ERR_MALFORMED,
      0 },
    { "negative time", { BEGIN, PAGE(4, (uint64_t)1 << 63, ".", "s") }, ERR_MALFORMED, 0 },
    { "unknown flags", { BEGIN, PAGE(12, 48312, ".", "s") }, ERR_MALFORMED, 0 },
    { "no tags",
      { PAGE(2, 0, ".", HEAD), PAGE(4, 48312, ".", "sound of eight") },
      ERR_MALFORMED,
      0 },
    { "Vorbis", { PAGE(2, 0, ".", "\x01vorbis...................") }, ERR_UNSUPPORTED, 0 },
    { "three channels",
      { PAGE(2, 0, ".", "OpusHead\x01\x03\0\0\x80\xbb\0\0\0\0\x01") },
      ERR_UNSUPPORTED,
      0 },
    { "a later version",
      { PAGE(2, 0, ".", "OpusHead\x10\x01\0\0\x80\xbb\0\0\0\0\0") },
      ERR_UNSUPPORTED,
      0 },
    { "sound beside the head", { PAGE(2, 0, "..", HEAD) }, ERR_MALFORMED, 0 },
};

/* RFC 3533 §6, bit by bit. */
static uint32_t crc_of(const uint8_t *p, size_t n)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < n * 8; i++) {
        uint32_t bit = (crc >> 31) ^ (uint32_t)(p[i / 8] >> (7 - i % 8) & 1);

        crc = crc << 1 ^ (bit != 0 ? 0x04c11db7 : 0);
    }
    return crc;
}

static void put(struct buf *b, uint64_t value, int octets)
{
    for (int i = 0; i < octets; i++)
        buf_add_char(b, (char)(value >> (8 * i)));
}

static void add_page(struct buf *b, const struct page *p, uint32_t number)
{
    size_t start = b->n, count = strlen(p->lengths), used = count > 1 ? count - 1 : 0;
    uint32_t crc;

    buf_add(b, STR("OggS\0"));
    put(b, p->flags, 1);
    put(b, p->granule, 8);
    put(b, 77 + p->serial, 4);
    put(b, number + p->sequence, 4);
    put(b, 0, 4);
    put(b, count, 1);
    for (size_t i = 0; i + 1 < count; i++)
        put(b, 1, 1); /* further packets take one octet each */
    if (count > 0)
        put(b, p->n - used, 1);
    if (count > 0)
        assert_int_equal(p->lengths[count - 1] == '-', p->n - used == 255);
    buf_add(b, (struct str){ p->content, p->n });
    crc = crc_of((const uint8_t *)b->p + start, b->n - start);
    for (size_t i = 0; i < 4; i++)
        b->p[start + 22 + i] = (char)(crc >> (8 * i));
}

static void build(struct buf *b, const struct page pages[PAGES])
{
    buf_init(b, ROOM);
    for (uint32_t i = 0; i < PAGES && pages[i].lengths != NULL; i++)
        add_page(b, &pages[i], i);
    assert_false(b->failed);
}

static enum err feed(struct str in, size_t piece, uint32_t *out_ms)
{
    enum err e = ERR_NONE;
    struct ogg_opus o;

    ogg_opus_init(&o);
    for (size_t at = 0; at < in.n && e == ERR_NONE; at += piece)
        e = ogg_opus_piece(&o, bytes_of_str(str_slice(in, at, piece)));
    if (e == ERR_NONE)
        e = ogg_opus_end(&o, out_ms);
    ogg_opus_deinit(&o);
    return e;
}

static void tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        struct buf b;

        build(&b, streams[i].pages);
        for (size_t piece = 1; piece <= b.n; piece++) {
            uint32_t ms = 0;

            check_err(streams[i].what, feed(buf_str(&b), piece, &ms), streams[i].err);
            assert_int_equal(ms, streams[i].ms);
        }
        buf_deinit(&b);
    }
}

/* No octet can be changed, and none left out at the end. */
static void altered(void **state)
{
    struct buf b;
    uint32_t ms;

    (void)state;
    build(&b, streams[0].pages);
    for (size_t i = 0; i < b.n; i++) {
        assert_int_not_equal(feed(str_slice(buf_str(&b), 0, i), ROOM, &ms), ERR_NONE);
        b.p[i] ^= 1;
        assert_int_not_equal(feed(buf_str(&b), ROOM, &ms), ERR_NONE);
        b.p[i] ^= 1;
    }
    assert_int_equal(feed(buf_str(&b), ROOM, &ms), ERR_NONE);
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(altered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
