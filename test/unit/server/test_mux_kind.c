/* test_mux_kind.c: what first octets say, given at once and one by one. */
#include "test/unit/check.h"

#include "server/mux_kind.h"

#define COOKIE "\x21\x12\xa4\x42"

static const struct {
    const char *name;
    struct str first;
    enum mux_kind clear, sealed;
} cases[] = {
    { "ClientHello", STR_INIT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03"), MUX_TLS, MUX_UNKNOWN },
    { "another version", STR_INIT("\x16\x02\x01\x02\x00\x01\x00\x01\xfc\x03"), MUX_UNKNOWN,
      MUX_UNKNOWN },
    { "SSLv2", STR_INIT("\x80\x46\x01\x03\x01\x00\x2d\x00\x00\x00"), MUX_UNKNOWN, MUX_UNKNOWN },
    { "stream", STR_INIT("<?xml vers"), MUX_XMPP, MUX_XMPP },
    { "stream header", STR_INIT("<stream:st"), MUX_XMPP, MUX_XMPP },
    { "request", STR_INIT("GET / HTTP"), MUX_UNKNOWN, MUX_HTTP },
    { "options", STR_INIT("OPTIONS * "), MUX_UNKNOWN, MUX_HTTP },
    { "lower case", STR_INIT("get / http"), MUX_UNKNOWN, MUX_UNKNOWN },
    { "check", STR_INIT("\x00\x64\x00\x01\x00\x50" COOKIE), MUX_MEDIA, MUX_MEDIA },
    { "long check", STR_INIT("\x02\x24\x00\x01\x02\x10" COOKIE), MUX_MEDIA, MUX_MEDIA },
    { "framed answer", STR_INIT("\x00\x64\x01\x01\x00\x50" COOKIE), MUX_UNKNOWN, MUX_UNKNOWN },
    { "odd length", STR_INIT("\x00\x64\x00\x01\x00\x51" COOKIE), MUX_UNKNOWN, MUX_UNKNOWN },
    { "no cookie", STR_INIT("\x00\x64\x00\x01\x00\x50\x21\x12\xa4\x43"), MUX_UNKNOWN, MUX_UNKNOWN },
    { "Allocate", STR_INIT("\x00\x03\x00\x08" COOKIE "ab"), MUX_UNKNOWN, MUX_TURN },
    { "Binding", STR_INIT("\x00\x01\x00\x00" COOKIE "ab"), MUX_UNKNOWN, MUX_TURN },
    { "framed DTLS", STR_INIT("\x00\x64\x16\xfe\xff\x00\x00\x00\x00\x00"), MUX_UNKNOWN,
      MUX_UNKNOWN },
    { "zeroes", STR_INIT("\0\0\0\0\0\0\0\0\0\0"), MUX_UNKNOWN, MUX_UNKNOWN },
    { "SSH", STR_INIT("SSH-2.0-Op"), MUX_UNKNOWN, MUX_HTTP }, /* HTTP will refuse it */
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes first = bytes_of_str(cases[i].first);

        assert_int_equal(first.n, MUX_FIRST);
        if (mux_kind_of(first, false) != cases[i].clear)
            fail_msg("%s in clear: %d", cases[i].name, mux_kind_of(first, false));
        if (mux_kind_of(first, true) != cases[i].sealed)
            fail_msg("%s inside of TLS: %d", cases[i].name, mux_kind_of(first, true));
    }
}

/* A few octets never say something that more of them take back. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        struct bytes first = bytes_of_str(cases[i / 2].first);
        enum mux_kind whole = mux_kind_of(first, i & 1), before = MUX_MORE;

        assert_int_equal(mux_kind_of(bytes_of(first.p, 0), i & 1), MUX_MORE);
        for (size_t n = 1; n <= MUX_FIRST; n++) {
            enum mux_kind now = mux_kind_of(bytes_of(first.p, n), i & 1);

            assert_true(before == MUX_MORE || now == before);
            assert_true(now == MUX_MORE || now == whole);
            before = now;
        }
    }
}

static void test_alpn(void **state)
{
    (void)state;
    assert_int_equal(mux_kind_of_alpn(STR("xmpp-client")), MUX_XMPP);
    assert_int_equal(mux_kind_of_alpn(STR("http/1.1")), MUX_HTTP);
    assert_int_equal(mux_kind_of_alpn(STR("stun.turn")), MUX_TURN);
    assert_int_equal(mux_kind_of_alpn(STR("")), MUX_MORE);
    assert_int_equal(mux_kind_of_alpn(STR("http/1.10")), MUX_MORE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_alpn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
