/* test_encode.c: RFC 4648 §10, and texts that must not decode. */
#include "test/unit/check.h"

#include "base/encode.h"

static const struct {
    const char *octets, *base64, *base64url, *base32, *hex;
} vectors[] = {
    /* RFC 4648 §10; base32 in lower case and without padding */
    { "", "", "", "", "" },
    { "f", "Zg==", "Zg", "my", "66" },
    { "fo", "Zm8=", "Zm8", "mzxq", "666f" },
    { "foo", "Zm9v", "Zm9v", "mzxw6", "666f6f" },
    { "foob", "Zm9vYg==", "Zm9vYg", "mzxw6yq", "666f6f62" },
    { "fooba", "Zm9vYmE=", "Zm9vYmE", "mzxw6ytb", "666f6f6261" },
    { "foobar", "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi", "666f6f626172" },
    /* the digits that differ between the alphabets */
    { "\xfb\xff\xfe", "+//+", "-__-", "7p774", "fbfffe" },
};

static void check_octets(const char *text, enum err e, struct bytes have, const char *want)
{
    check_err(text, e, ERR_NONE);
    check_str(text, str_of_bytes(have), want);
}

static void vectors_encode_and_decode(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct bytes octets = bytes_of_str(str_from(vectors[i].octets)), back = { 0 };
        struct arena a = { 0 };
        enum err e;

        check_str("base64", base64_text(&a, octets), vectors[i].base64);
        check_str("base64url", base64url_text(&a, octets), vectors[i].base64url);
        check_str("base32", base32_text(&a, octets), vectors[i].base32);
        check_str("hex", hex_text(&a, octets), vectors[i].hex);
        e = base64_read(&a, str_from(vectors[i].base64), &back);
        assert_int_equal(base64_valid(str_from(vectors[i].base64)), true);
        check_octets(vectors[i].base64, e, back, vectors[i].octets);
        e = base64url_read(&a, str_from(vectors[i].base64url), &back);
        check_octets(vectors[i].base64url, e, back, vectors[i].octets);
        e = hex_read(&a, str_from(vectors[i].hex), &back);
        check_octets(vectors[i].hex, e, back, vectors[i].octets);
        arena_deinit(&a);
    }
}

static void all_octets_survive(void **state)
{
    uint8_t all[256];
    struct arena a = { 0 };
    struct bytes back;

    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    for (size_t n = 0; n <= sizeof all; n++) {
        assert_int_equal(base64_read(&a, base64_text(&a, bytes_of(all, n)), &back), ERR_NONE);
        assert_int_equal(back.n, n);
        assert_memory_equal(back.p, all, n);
        assert_int_equal(hex_read(&a, hex_text(&a, bytes_of(all, n)), &back), ERR_NONE);
        assert_int_equal(back.n, n);
        assert_memory_equal(back.p, all, n);
    }
    arena_deinit(&a);
}

static const char *const not_base64[] = {
    "Zg",   "Zg=",        "Z",      "Z===", "====", "=",    "Zm9v====", "Zg==Zg==",
    "Zm=v", " Zg==",      "Zg==\n", "Zm 9", "Zm9-", "Zh==", /* unused bits: RFC 4648 §3.5 */
    "Zm9=", "Z\xc3\xa4g", "Zg.=",
};
static const char *const not_base64url[] = { "Z", "Zg==", "Zm9+", "Zh", "Zm9", "Zm9v\n" };
static const char *const not_hex[] = { "6", "666", "6g", "g6", "0x66", " 66", "6 6" };

static void other_texts_do_not_decode(void **state)
{
    struct arena a = { 0 };
    struct bytes out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(not_base64); i++) {
        check_err(not_base64[i], base64_read(&a, str_from(not_base64[i]), &out), ERR_MALFORMED);
        if (base64_valid(str_from(not_base64[i])))
            fail_msg("'%s' passes for base64", not_base64[i]);
    }
    for (size_t i = 0; i < COUNT_OF(not_base64url); i++)
        check_err(not_base64url[i], base64url_read(&a, str_from(not_base64url[i]), &out),
                  ERR_MALFORMED);
    for (size_t i = 0; i < COUNT_OF(not_hex); i++)
        check_err(not_hex[i], hex_read(&a, str_from(not_hex[i]), &out), ERR_MALFORMED);
    assert_int_equal(hex_read(&a, STR("Ff"), &out), ERR_NONE); /* either case is read */
    assert_int_equal(out.p[0], 0xff);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_encode_and_decode),
        cmocka_unit_test(all_octets_survive),
        cmocka_unit_test(other_texts_do_not_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
