/* test_ip_public.c: first and last address of every special block, and what lies beside them. */
#include "test/unit/check.h"

#include "base/ip.h"

static const struct {
    const char *text;
    bool is_public;
} four[] = {
    { "0.0.0.0", false },         { "0.255.255.255", false },  { "1.0.0.0", true },
    { "9.255.255.255", true },    { "10.0.0.0", false },       { "10.255.255.255", false },
    { "11.0.0.0", true },         { "100.63.255.255", true },  { "100.64.0.0", false },
    { "100.127.255.255", false }, { "100.128.0.0", true },     { "126.255.255.255", true },
    { "127.0.0.0", false },       { "127.0.0.1", false },      { "127.255.255.255", false },
    { "128.0.0.0", true },        { "169.253.255.255", true }, { "169.254.0.0", false },
    { "169.254.169.254", false }, { "169.255.0.0", true },     { "172.15.255.255", true },
    { "172.16.0.0", false },      { "172.31.255.255", false }, { "172.32.0.0", true },
    { "191.255.255.255", true },  { "192.0.0.0", false },      { "192.0.0.255", false },
    { "192.0.1.0", true },        { "192.0.2.1", false },      { "192.0.3.0", true },
    { "192.31.196.7", false },    { "192.52.193.7", false },   { "192.88.98.255", true },
    { "192.88.99.1", false },     { "192.167.255.255", true }, { "192.168.0.0", false },
    { "192.168.255.255", false }, { "192.169.0.0", true },     { "192.175.48.1", false },
    { "198.17.255.255", true },   { "198.18.0.0", false },     { "198.19.255.255", false },
    { "198.20.0.0", true },       { "198.51.100.1", false },   { "203.0.113.9", false },
    { "203.0.114.0", true },      { "223.255.255.255", true }, { "224.0.0.0", false },
    { "239.255.255.255", false }, { "240.0.0.0", false },      { "255.255.255.255", false },
    { "8.8.8.8", true },
};

static const struct {
    const char *text;
    bool is_public;
} six[] = {
    { "::", false },
    { "::1", false },
    { "::127.0.0.1", false },       /* IPv4-compatible */
    { "::ffff:127.0.0.1", false },  /* IPv4-mapped */
    { "::ffff:8.8.8.8", false },    /* is asked as IPv4, or not at all */
    { "64:ff9b::10.0.0.1", false }, /* NAT64 */
    { "64:ff9b:1::1", false },      /* NAT64, local */
    { "100::1", false },            /* discard */
    { "1fff:ffff::1", false },
    { "2000::", true },
    { "2001::1", false },    /* Teredo */
    { "2001:10::1", false }, /* ORCHID */
    { "2001:1ff:ffff::1", false },
    { "2001:200::1", true },
    { "2001:db7:ffff::1", true },
    { "2001:db8::1", false },
    { "2001:db9::1", true },
    { "2001:4860:4860::8888", true },
    { "2002:7f00:1::1", false }, /* 6to4 of 127.0.0.1 */
    { "2003::1", true },
    { "2620:4f:7fff::1", true },
    { "2620:4f:8000::1", false },
    { "2620:4f:8001::1", true },
    { "2a00:1450::1", true },
    { "3ffe::1", true },
    { "3fff::1", false },
    { "3fff:fff::1", false },
    { "3fff:1000::1", true },
    { "4000::1", false },
    { "5f00::1", false }, /* segment routing */
    { "fc00::1", false },
    { "fdff::1", false },
    { "fe80::1", false },
    { "fec0::1", false },
    { "ff02::1", false },
};

static void each_address(void **state)
{
    uint8_t ip[16];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(four); i++) {
        check_err(four[i].text, ip4_read(str_from(four[i].text), ip), ERR_NONE);
        if (ip4_is_public(ip) != four[i].is_public)
            fail_msg("%s", four[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(six); i++) {
        check_err(six[i].text, ip6_read(str_from(six[i].text), ip), ERR_NONE);
        if (ip6_is_public(ip) != six[i].is_public)
            fail_msg("%s", six[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_address) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
