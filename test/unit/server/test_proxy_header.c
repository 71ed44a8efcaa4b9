/* test_proxy_header.c: headers of the PROXY protocol, whole and cut at every octet. */
#include "test/unit/check.h"

#include "base/buf.h"
#include "server/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IP4       "\xc0\x00\x02\x07\xc6\x33\x64\x01\x9c\xbb\x14\x66"
#define IP6                                                                                        \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"         \
    "\x9c\xbb\x14\x66"
#define V4_7 "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"
#define V6_7 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define PORT 40123

static const struct {
    const char *name;
    struct str header;
    const char *ip; /* NULL: none */
} good[] = {
    { "v1, IPv4", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222\r\n"), V4_7 },
    { "v1, IPv6", STR_INIT("PROXY TCP6 2001:db8::7 2001:db8::1 40123 5222\r\n"), V6_7 },
    { "v1, nobody", STR_INIT("PROXY UNKNOWN\r\n"), NULL },
    { "v1, nobody with words",
      STR_INIT("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), NULL },
    { "v2, IPv4", STR_INIT(SIGNATURE "\x21\x11\0\x0c" IP4), V4_7 },
    { "v2, IPv6", STR_INIT(SIGNATURE "\x21\x21\0\x24" IP6), V6_7 },
    { "v2, with a TLV",
      STR_INIT(SIGNATURE "\x21\x11\0\x11" IP4 "\x04\0\x02"
                         "ab"),
      V4_7 },
    { "v2, the proxy itself", STR_INIT(SIGNATURE "\x20\0\0\0"), NULL },
    { "v2, the proxy itself, with addresses", STR_INIT(SIGNATURE "\x20\x11\0\x0c" IP4), NULL },
    { "v2, no family", STR_INIT(SIGNATURE "\x21\0\0\0"), NULL },
    { "v2, a socket of its machine", STR_INIT(SIGNATURE "\x21\x31\0\x04/a/b"), NULL },
};

static const struct {
    const char *name;
    struct str header;
} bad[] = {
    { "nothing of it", STR_INIT("<?xml version='1.0'?>") },
    { "ClientHello", STR_INIT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03") },
    { "lower case", STR_INIT("proxy TCP4 192.0.2.7 198.51.100.1 40123 5222\r\n") },
    { "v1, no line",
      STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222 "
               "                                                                 ") },
    { "v1, LF alone",
      STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222\n"
               "                                                                 ") },
    { "v1, CR and no LF", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222\r ") },
    { "v1, two blanks", STR_INIT("PROXY TCP4  192.0.2.7 198.51.100.1 40123 5222\r\n") },
    { "v1, a word more", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222 7\r\n") },
    { "v1, a blank more", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222 \r\n") },
    { "v1, a word less", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123\r\n") },
    { "v1, another family", STR_INIT("PROXY UDP4 192.0.2.7 198.51.100.1 40123 5222\r\n") },
    { "v1, the wrong family", STR_INIT("PROXY TCP4 2001:db8::7 2001:db8::1 40123 5222\r\n") },
    { "v1, octal", STR_INIT("PROXY TCP4 192.0.02.7 198.51.100.1 40123 5222\r\n") },
    { "v1, no address of ours", STR_INIT("PROXY TCP4 192.0.2.7 x 40123 5222\r\n") },
    { "v1, port too great", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 65536 5222\r\n") },
    { "v1, port with a zero", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 040 5222\r\n") },
    { "v1, no port of ours", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 40123 \r\n") },
    { "v1, UNKNOWNS", STR_INIT("PROXY UNKNOWNS\r\n") },
    { "v2, signature", STR_INIT("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c" IP4) },
    { "v3", STR_INIT(SIGNATURE "\x31\x11\0\x0c" IP4) },
    { "v3 without a family", STR_INIT(SIGNATURE "\x31\0\0\0") },
    { "v2, another command", STR_INIT(SIGNATURE "\x22\x11\0\x0c" IP4) },
    { "v2, datagrams", STR_INIT(SIGNATURE "\x21\x12\0\x0c" IP4) },
    { "v2, too short for IPv4", STR_INIT(SIGNATURE "\x21\x11\0\x0b" IP4) },
    { "v2, too short for IPv6", STR_INIT(SIGNATURE "\x21\x21\0\x23" IP6) },
    { "v2, longer than we take", STR_INIT(SIGNATURE "\x21\x11\x07\xf1" IP4) },
};

/* What was needed at least is never more than what there was to come. */
static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct buf in;
        struct proxy_header h;

        buf_init(&in, PROXY_HEADER_MAX);
        buf_add(&in, good[i].header);
        buf_add(&in, STR("\x16\x03 what the peer says"));
        for (size_t n = 0; n < good[i].header.n; n++) {
            if (proxy_header_read(bytes_of(in.p, n), &h) != PROXY_MORE)
                fail_msg("%s: known after %zu octets", good[i].name, n);
            assert_true(h.size > n && h.size <= good[i].header.n);
        }
        if (proxy_header_read(buf_bytes(&in), &h) != PROXY_WHOLE)
            fail_msg("%s", good[i].name);
        assert_int_equal(h.size, good[i].header.n);
        assert_int_equal(h.has_source, good[i].ip != NULL);
        if (h.has_source) {
            assert_memory_equal(h.ip, good[i].ip, sizeof h.ip);
            assert_int_equal(h.port, PORT);
        }
        buf_deinit(&in);
    }
}

static void test_bad(void **state)
{
    struct proxy_header h;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (proxy_header_read(bytes_of_str(bad[i].header), &h) != PROXY_BROKEN)
            fail_msg("%s", bad[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
