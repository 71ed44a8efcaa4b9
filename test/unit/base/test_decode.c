/* test_decode.c: reader, UTF-8 and IP addresses, each a bounded parser; tokens of randomness. */
#include "test/unit/check.h"

#include <string.h>

#include "base/ip.h"
#include "base/random.h"
#include "base/reader.h"
#include "base/utf8.h"

static void a_reader_decodes_in_order(void **state)
{
    static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff };
    struct reader r = reader_of(bytes_of(in, sizeof in));

    (void)state;
    assert_int_equal(read_u8(&r), 1);
    assert_int_equal(read_u16(&r), 0x0203);
    assert_int_equal(read_u32(&r), 0x04050607);
    assert_true(read_u64(&r) == 0x08090a0b0c0d0e0f);
    assert_false(reader_done(&r));
    assert_int_equal(read_bytes(&r, 0).n, 0);
    assert_int_equal(read_bytes(&r, 1).p[0], 0xff);
    assert_true(reader_done(&r));
    assert_int_equal(read_bytes(&r, 0).n, 0);
    assert_true(reader_done(&r));
}

/* A record of 1, 2, 4 and 8 octets, cut anywhere: a short read sticks and yields zeroes. */
static void a_short_read_sticks(void **state)
{
    static const uint8_t in[15] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

    (void)state;
    for (size_t n = 0; n < sizeof in; n++) {
        struct reader r = reader_of(bytes_of(in, n));

        read_u8(&r);
        read_u16(&r);
        read_u32(&r);
        assert_true(read_u64(&r) == 0);
        assert_true(r.failed);
        assert_int_equal(read_u8(&r), 0); /* though an octet may be left */
        assert_false(reader_done(&r));
    }
}

static void a_reader_takes_no_more_than_there_is(void **state)
{
    struct reader empty = reader_of((struct bytes){ NULL, 0 });
    struct reader r = reader_of(bytes_of("abc", 3));

    (void)state;
    assert_true(reader_done(&empty));
    assert_int_equal(read_bytes(&empty, 0).n, 0);
    assert_true(reader_done(&empty));
    assert_null(read_bytes(&r, SIZE_MAX).p);
    assert_true(r.failed);
}

/* RFC 3629 §4: the edges of every row of its table. */
static const struct {
    const char *in;
    int32_t out;
} sequences[] = {
    { "\x7f", 0x7f },
    { "\xc2\x80", 0x80 },
    { "\xdf\xbf", 0x7ff },
    { "\xe0\xa0\x80", 0x800 },
    { "\xed\x9f\xbf", 0xd7ff },
    { "\xee\x80\x80", 0xe000 },
    { "\xef\xbf\xbf", 0xffff },
    { "\xf0\x90\x80\x80", 0x10000 },
    { "\xf4\x8f\xbf\xbf", 0x10ffff },
    { "", UTF8_SHORT },
    { "\xc2", UTF8_SHORT },
    { "\xe0\xa0", UTF8_SHORT },
    { "\xf0\x90\x80", UTF8_SHORT },
    { "\x80", UTF8_BAD },
    { "\xbf", UTF8_BAD },
    { "\xc0\x80", UTF8_BAD },
    { "\xc1\xbf", UTF8_BAD },
    { "\xe0\x9f\xbf", UTF8_BAD },
    { "\xe0\x9f", UTF8_BAD },
    { "\xed\xa0\x80", UTF8_BAD },
    { "\xf0\x8f\xbf\xbf", UTF8_BAD },
    { "\xf4\x90\x80\x80", UTF8_BAD },
    { "\xf5", UTF8_BAD },
    { "\xff", UTF8_BAD },
    { "\xc2\x41", UTF8_BAD },
    { "\xe2\x82\x41", UTF8_BAD },
    { "\xf0\x90\x80\xc0", UTF8_BAD },
};

static void utf8_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sequences); i++) {
        struct str in = str_from(sequences[i].in), rest = in;

        assert_int_equal(utf8_next(&rest), sequences[i].out);
        assert_int_equal(rest.n, sequences[i].out < 0 ? in.n : 0); /* untouched by an error */
        assert_int_equal(utf8_valid(in), sequences[i].out >= 0 || in.n == 0);
    }
}

static void every_code_point_survives(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char text[4];
        struct str s = { text, utf8_put(c, text) };
        bool surrogate = c >= 0xd800 && c <= 0xdfff;

        assert_int_equal(utf8_next(&s), surrogate ? UTF8_BAD : (int32_t)c);
        assert_true(surrogate || s.n == 0);
    }
}

static void ascii_is_recognised(void **state)
{
    (void)state;
    assert_true(utf8_is_ascii(STR_NONE));
    assert_true(utf8_is_ascii(STR("\0\x7f")));
    assert_false(utf8_is_ascii(STR("abc\xc2\x80")));
}

static const struct {
    const char *in, *out; /* NULL: refused */
} addresses[] = {
    /* RFC 5952 §4 and RFC 4291 §2.2 */
    { "2001:0db8::0001", "2001:db8::1" },
    { "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" },
    { "2001:db8::0:1", "2001:db8::1" },
    { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
    { "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
    { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
    { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:DB8::ABCD", "2001:db8::abcd" },
    { "0:0:0:0:0:0:0:0", "::" },
    { "::", "::" },
    { "::1", "::1" },
    { "1::", "1::" },
    { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
    { "0:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:0" },
    { "1:2:3:4:5:6::", "1:2:3:4:5:6::" },
    { "::3:4:5:6:7:8", "::3:4:5:6:7:8" },
    { "::ffff:c000:280", "::ffff:192.0.2.128" },
    { "::FFFF:129.144.52.38", "::ffff:129.144.52.38" },
    { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
    { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
    { "", NULL },
    { ":", NULL },
    { ":::", NULL },
    { "1", NULL },
    { ":1", NULL },
    { "1:", NULL },
    { "1:2:3:4:5:6:7", NULL },
    { "1:2:3:4:5:6:7:8:9", NULL },
    { "1:2:3:4:5:6:7:8:", NULL },
    { ":1:2:3:4:5:6:7:8", NULL },
    { "1:2:3:4::5:6:7:8", NULL }, /* the gap stands for nothing */
    { "::1:2:3:4:5:6:7:8", NULL },
    { "1::2::3", NULL },
    { "::12345", NULL },
    { "::g", NULL },
    { "::1.2.3", NULL },
    { "::1.2.3.4.5", NULL },
    { "::1.2.3.4:5", NULL },
    { "1.2.3.4::", NULL },
    { "1:2:3:4:5:6:7:1.2.3.4", NULL },
    { "1.2.3.4", NULL },
    { "fe80::1%eth0", NULL },
    { "::1/64", NULL },
    { " ::1", NULL },
};

static void ipv6_has_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        uint8_t ip[16] = { 0 };
        struct arena a = { 0 };
        bool fine = addresses[i].out != NULL;

        check_err(addresses[i].in, ip6_read(str_from(addresses[i].in), ip),
                  fine ? ERR_NONE : ERR_MALFORMED);
        if (fine)
            check_str(addresses[i].in, ip6_text(&a, ip), addresses[i].out);
        arena_deinit(&a);
    }
}

static void ipv4_is_strict(void **state)
{
    static const char *const refused[] = { "",         "1.2.3",     "1.2.3.4.",  "1.2.3.4.5",
                                           ".1.2.3",   "1..2.3",    "1.2.3.256", "01.2.3.4",
                                           "1.2.3.00", "1.2.3.0x4", " 1.2.3.4",  "1.2.3.-4" };
    uint8_t ip[4];

    (void)state;
    assert_int_equal(ip4_read(STR("192.0.2.255"), ip), ERR_NONE);
    assert_memory_equal(ip, "\xc0\0\x02\xff", 4);
    assert_int_equal(ip4_read(STR("0.0.0.0"), ip), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        check_err(refused[i], ip4_read(str_from(refused[i]), ip), ERR_MALFORMED);
    assert_memory_equal(ip, "\0\0\0\0", 4); /* written only on success */
}

static void count_up(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (*next)++;
}

static void tokens_are_base32_of_their_octets(void **state)
{
    uint8_t next = 0;
    struct random source = { count_up, &next };
    struct arena a = { 0 };

    (void)state;
    check_str("5 octets", random_token(&source, &a, 5), "aaaqeaye");
    assert_int_equal(next, 5);
    assert_int_equal(random_token(&source, &a, 16).n, 26);
    assert_int_equal(random_token(&source, &a, 0).n, 0);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_decodes_in_order),
        cmocka_unit_test(a_short_read_sticks),
        cmocka_unit_test(a_reader_takes_no_more_than_there_is),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(every_code_point_survives),
        cmocka_unit_test(ascii_is_recognised),
        cmocka_unit_test(ipv6_has_one_form),
        cmocka_unit_test(ipv4_is_strict),
        cmocka_unit_test(tokens_are_base32_of_their_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
