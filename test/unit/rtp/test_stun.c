/* test_stun.c: the vectors of RFC 5769; what is not whole, not ours or not last is refused; what we write is read again. */
#include "test/unit/rtp/packets.h"

#include <string.h>

#include "rtp/stun.h"

#define PASSWORD    STR("VOkJxbRl1RmTxUk/WvJxBt")
#define TRANSACTION "b7e7a701 bc34d686 fa87dfae "

static const char sample_request[] = /* RFC 5769 §2.1 */
    "0001 0058 2112a442 " TRANSACTION "8022 0010 5354554e207465737420636c69656e74 "
    "0024 0004 6e0001ff 8029 0008 932ff9b151263b36 0006 0009 6576746a3a68367659202020 "
    "0008 0014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 8028 0004 e57a3bcf";
static const char sample_v4[] = /* §2.2 */
    "0101 003c 2112a442 " TRANSACTION "8022 000b 7465737420766563746f7220 "
    "0020 0008 0001a147e112a643 0008 0014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 "
    "8028 0004 c07d4c96";
static const char sample_v6[] = /* §2.3 */
    "0101 0048 2112a442 " TRANSACTION "8022 000b 7465737420766563746f7220 "
    "0020 0014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9 "
    "0008 0014 a382954e4be67bf11784c97c8292c275bfe3ed41 8028 0004 c8fb0b4c";

static void test_request(void **state)
{
    struct packet p = packet_of(sample_request);
    struct stun_message m;

    (void)state;
    assert_int_equal(stun_read(packet_bytes(&p), &m), ERR_NONE);
    assert_int_equal(m.class, STUN_REQUEST);
    check_str("username", m.username, "evtj:h6vY");
    assert_int_equal(m.priority, 0x6e0001ff);
    assert_int_equal(m.role, STUN_CONTROLLED);
    assert_true(m.tie_breaker == UINT64_C(0x932ff9b151263b36));
    assert_false(m.use_candidate);
    assert_true(stun_is_authentic(&m, PASSWORD));
    assert_false(stun_is_authentic(&m, STR("VOkJxbRl1RmTxUk/WvJxBu")));
    assert_false(stun_is_authentic(&m, STR("")));
}

static void test_responses(void **state)
{
    static const uint8_t v4[] = { 192, 0, 2, 1 };
    static const uint8_t v6[] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
                                  0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };
    struct packet p = packet_of(sample_v4);
    struct stun_message m;

    (void)state;
    assert_int_equal(stun_read(packet_bytes(&p), &m), ERR_NONE);
    assert_int_equal(m.class, STUN_SUCCESS);
    assert_false(m.mapped.is_v6);
    assert_int_equal(m.mapped.port, 32853);
    assert_memory_equal(m.mapped.ip, v4, sizeof v4);
    assert_true(stun_is_authentic(&m, PASSWORD));

    p = packet_of(sample_v6);
    assert_int_equal(stun_read(packet_bytes(&p), &m), ERR_NONE);
    assert_true(m.mapped.is_v6);
    assert_int_equal(m.mapped.port, 32853);
    assert_memory_equal(m.mapped.ip, v6, sizeof v6);
    assert_true(stun_is_authentic(&m, PASSWORD));
}

/* Each vector cut anywhere, with any bit turned, or with something behind it: either it is no message any more, or its integrity shows
 * that it was changed. */
static void test_altered(void **state)
{
    static const char *const samples[] = { sample_request, sample_v4, sample_v6 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct packet p = packet_of(samples[i]);
        struct stun_message m;

        for (size_t n = 0; n < p.n; n++)
            assert_int_not_equal(stun_read(bytes_of(p.octets, n), &m), ERR_NONE);
        for (size_t bit = 0; bit < p.n * 8; bit++) {
            p.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(stun_read(packet_bytes(&p), &m) != ERR_NONE
                        || !stun_is_authentic(&m, PASSWORD));
            p.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        p.n += 4;
        assert_int_equal(stun_read(packet_bytes(&p), &m), ERR_MALFORMED);
    }
}

#define HEAD(length) "0001" length "2112a442" TRANSACTION

static const struct {
    const char *what, *hex;
    enum err err;
} refused[] = {
    { "nothing", "", ERR_MALFORMED },
    { "another cookie", "0001 0000 2112a443" TRANSACTION, ERR_MALFORMED },
    { "first bits set", "4001 0000 2112a442" TRANSACTION, ERR_MALFORMED },
    { "no attributes", HEAD("0000"), ERR_MALFORMED },
    { "Allocate", "0003 0000 2112a442" TRANSACTION, ERR_UNSUPPORTED },
    { "a length that is too short", HEAD("0000") "80220000", ERR_MALFORMED },
    { "a length that is no multiple of 4", HEAD("0003") "802200", ERR_MALFORMED },
    { "a value past the end", HEAD("0008") "80220010 00000000", ERR_MALFORMED },
    { "a value whose padding is past the end", HEAD("0004") "80220001", ERR_MALFORMED },
    { "an unknown attribute that has to be understood", HEAD("0004") "00420000", ERR_UNSUPPORTED },
    { "MESSAGE-INTEGRITY-SHA256", HEAD("0004") "001c0000", ERR_UNSUPPORTED },
    { "an empty USERNAME", HEAD("0004") "00060000", ERR_MALFORMED },
    { "PRIORITY of 3 octets", HEAD("0008") "00240003 01020300", ERR_MALFORMED },
    { "PRIORITY 0", HEAD("0008") "00240004 00000000", ERR_MALFORMED },
    { "USE-CANDIDATE with a value", HEAD("0008") "00250004 00000000", ERR_MALFORMED },
    { "both roles", HEAD("0018") "80290008 0102030405060708 802a0008 0102030405060708",
      ERR_MALFORMED },
    { "an attribute twice", HEAD("0010") "00240004 00000001 00240004 00000001", ERR_MALFORMED },
    { "an address of no family", HEAD("000c") "00200008 00030000 00000000", ERR_MALFORMED },
    { "an IPv6 address of 4 octets", HEAD("000c") "00200008 00020000 00000000", ERR_MALFORMED },
    { "MESSAGE-INTEGRITY of 19 octets", HEAD("0018") "00080013 00*44", ERR_MALFORMED },
    { "an error code of 99", "0111 0008 2112a442" TRANSACTION "00090004 00000063", ERR_MALFORMED },
    { "seventeen attributes",
      HEAD("0044") "80220000 80220000 80220000 80220000 80220000 80220000 80220000 80220000 "
                   "80220000 80220000 80220000 80220000 80220000 80220000 80220000 80220000 "
                   "80220000",
      ERR_TOO_BIG },
    { "a question to a server of STUN", HEAD("0008") "80280004 fdf6ae02", ERR_MISSING },
    { "549 octets and more", HEAD("0214") "80220210 00*552", ERR_TOO_BIG },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct packet p = packet_of(refused[i].hex);
        struct stun_message m;

        check_err(refused[i].what, stun_read(packet_bytes(&p), &m), refused[i].err);
    }
}

/* RFC 8445 §11: a keepalive is a bare indication, or one with an end. */
static void test_indications(void **state)
{
    struct packet p = packet_of("0011 0000 2112a442" TRANSACTION);
    struct stun_message m;

    (void)state;
    assert_int_equal(stun_read(packet_bytes(&p), &m), ERR_NONE);
    assert_int_equal(m.class, STUN_INDICATION);
    assert_false(stun_is_authentic(&m, PASSWORD));
}

static void test_written(void **state)
{
    static const struct stun_address from = { true, { 0x20, 1, 0xd, 0xb8, 1 }, 40001 };
    struct stun_check check = { .transaction = "abcdefghijkl",
                                .username = STR("theirs:ours"),
                                .priority = 1845501695,
                                .role = STUN_CONTROLLING,
                                .tie_breaker = 77,
                                .use_candidate = true };
    uint8_t out[STUN_MAX], name[STUN_MAX];
    struct stun_message m;
    size_t n;

    (void)state;
    memset(name, 'a', sizeof name);
    for (size_t length = 1; length <= sizeof name; length++) {
        check.username = str_of_bytes(bytes_of(name, length));
        n = stun_write_check(out, &check, PASSWORD);
        assert_int_equal(n == 0, length > 465); /* 548 less all the rest */
        if (n == 0)
            continue;
        assert_int_equal(stun_read(bytes_of(out, n), &m), ERR_NONE);
        assert_true(str_eq(m.username, check.username) && m.use_candidate);
        assert_true(m.role == STUN_CONTROLLING && m.tie_breaker == 77);
        assert_int_equal(m.priority, 1845501695);
        assert_memory_equal(m.transaction.p, check.transaction, STUN_TRANSACTION);
        assert_true(stun_is_authentic(&m, PASSWORD));
    }
    n = stun_write_answer(out, bytes_of("abcdefghijkl", STUN_TRANSACTION), &from, PASSWORD);
    assert_true(n > 0 && n <= STUN_ANSWER_MAX);
    assert_int_equal(stun_read(bytes_of(out, n), &m), ERR_NONE);
    assert_true(stun_is_authentic(&m, PASSWORD) && m.class == STUN_SUCCESS);
    assert_int_equal(m.mapped.port, from.port);
    assert_memory_equal(m.mapped.ip, from.ip, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),     cmocka_unit_test(test_responses),
        cmocka_unit_test(test_altered),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_indications), cmocka_unit_test(test_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
