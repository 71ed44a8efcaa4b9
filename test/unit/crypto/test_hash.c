/* test_hash.c: sizes, results over their own input, and the comparison of secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(hash_size(HASH_SHA1), 20);
    assert_int_equal(hash_size(HASH_SHA256), 32);
    assert_int_equal(hash_size(HASH_SHA512), HASH_SIZE_MAX);
    assert_int_equal(hash_block_size(HASH_SHA1), 64);
    assert_int_equal(hash_block_size(HASH_SHA512), HASH_BLOCK_MAX);
}

/* The result may replace the key or the input: HKDF-like chains do that. */
static void test_hmac_in_place(void **state)
{
    static const uint8_t message[] = "message";
    uint8_t expected[HASH_SIZE_MAX], key[32] = "key", in[HASH_SIZE_MAX] = "message";

    (void)state;
    hmac(HASH_SHA256, bytes_of(key, sizeof key), bytes_of(message, 7), expected);
    hmac(HASH_SHA256, bytes_of(key, sizeof key), bytes_of(in, 7), in);
    assert_memory_equal(in, expected, 32);
    hmac(HASH_SHA256, bytes_of(key, sizeof key), bytes_of(message, 7), key);
    assert_memory_equal(key, expected, 32);
}

/* Every flipped bit is seen, in every length that we compare; nothing past n is looked at. */
static void test_ct_equal(void **state)
{
    uint8_t a[HASH_SIZE_MAX + 1], b[HASH_SIZE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = (uint8_t)(i * 37 + 1);
    for (size_t n = 0; n <= HASH_SIZE_MAX; n++) {
        memcpy(b, a, sizeof a);
        b[n] ^= 0xff;
        assert_true(ct_equal(a, b, n));
        b[n] ^= 0xff;
        for (size_t bit = 0; bit < n * 8; bit++) {
            b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(ct_equal(a, b, n));
            b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_true(ct_equal(a, b, n));
    }
}

/* Differences that cancel out under xor or addition must not look equal. */
static void test_ct_equal_cancelling(void **state)
{
    static const uint8_t a[] = { 0x01, 0x01, 0x80, 0x80 }, b[] = { 0x02, 0x02, 0x00, 0x00 };

    (void)state;
    assert_false(ct_equal(a, b, sizeof a));
    assert_false(ct_equal(a, b, 2));
    assert_false(ct_equal(a + 2, b + 2, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_hmac_in_place),
        cmocka_unit_test(test_ct_equal),
        cmocka_unit_test(test_ct_equal_cancelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
