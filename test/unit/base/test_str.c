/* test_str.c: views never read past their end nor trip over NULL. */
#include "test/unit/check.h"

static void comparisons(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a"), STR("a")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_eq(STR_NONE, STR("")));
    assert_true(str_is(STR_NONE, ""));
    assert_true(str_eq_nocase(STR("PiNg-[1]"), STR("pInG-[1]")));
    assert_false(str_eq_nocase(STR("@"), STR("`"))); /* 0x20 apart, but no letters */
    assert_false(str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("a"), STR("aa")) < 0);
    assert_true(str_cmp(STR("\xc3"), STR("z")) > 0); /* octets are unsigned */
    assert_true(str_cmp(STR_NONE, STR("")) == 0);
    assert_true(str_cmp(STR("a"), STR_NONE) > 0);
}

static void prefixes_and_suffixes(void **state)
{
    (void)state;
    assert_true(str_starts(STR("stream:features"), STR("stream:")));
    assert_false(str_starts(STR("str"), STR("stream")));
    assert_true(str_starts(STR_NONE, STR("")));
    assert_true(str_ends(STR("#publish-options"), STR("options")));
    assert_false(str_ends(STR("s"), STR("ss")));
    assert_true(str_ends(STR("s"), STR_NONE));
}

static const struct {
    const char *in;
    size_t from, n;
    const char *slice, *skipped;
} slices[] = {
    { "abcdef", 0, 3, "abc", "abcdef" },
    { "abcdef", 2, 2, "cd", "cdef" },
    { "abcdef", 4, 9, "ef", "ef" },
    { "abcdef", 6, 1, "", "" },
    { "abcdef", 7, 1, "", "" },
    { "abcdef", SIZE_MAX, SIZE_MAX, "", "" },
    { "abcdef", 1, SIZE_MAX, "bcdef", "bcdef" },
};

static void slices_are_clamped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(slices); i++) {
        struct str in = str_from(slices[i].in);

        check_str("slice", str_slice(in, slices[i].from, slices[i].n), slices[i].slice);
        check_str("skip", str_skip(in, slices[i].from), slices[i].skipped);
    }
    assert_null(str_slice(STR_NONE, 1, 1).p);
}

static const struct {
    const char *in, *out;
} trims[] = {
    { "", "" }, { " ", "" }, { "a", "a" }, { "\t\r\n a b \n", "a b" }, { "\va", "\va" },
};

static void white_space_is_trimmed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(trims); i++)
        check_str(trims[i].in, str_trim(str_from(trims[i].in)), trims[i].out);
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("a@b@c"), '@'), 1);
    assert_int_equal(str_find_last(STR("a@b@c"), '@'), 3);
    assert_int_equal(str_find(STR("abc"), '@'), 3);
    assert_int_equal(str_find_last(STR("abc"), '@'), 3);
    assert_int_equal(str_find(STR_NONE, '@'), 0);
    assert_int_equal(str_find(STR("a\0@"), '@'), 2); /* NUL is a byte like others */
}

static const struct {
    const char *in;
    size_t n;
    const char *parts[4];
} splits[] = {
    { "a,b,c", 3, { "a", "b", "c" } },
    { "", 1, { "" } },
    { ",", 2, { "", "" } },
    { "a,", 2, { "a", "" } },
    { ",,a", 3, { "", "", "a" } },
};

static void splitting(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(splits); i++) {
        struct str rest = str_from(splits[i].in);
        size_t n = 0;

        for (; rest.p != NULL; n++)
            check_str(splits[i].in, str_split(&rest, ','), splits[i].parts[n]);
        assert_int_equal(n, splits[i].n);
        assert_int_equal(str_split(&rest, ',').n, 0);
    }
}

static const struct {
    const char *in;
    uint64_t max;
    enum err err;
    uint64_t value;
} numbers[] = {
    { "0", 0, ERR_NONE, 0 },
    { "007", 7, ERR_NONE, 7 },
    { "255", 255, ERR_NONE, 255 },
    { "256", 255, ERR_TOO_BIG, 0 },
    { "9", 5, ERR_TOO_BIG, 0 },
    { "18446744073709551615", UINT64_MAX, ERR_NONE, UINT64_MAX },
    { "18446744073709551616", UINT64_MAX, ERR_TOO_BIG, 0 },
    { "99999999999999999999999", UINT64_MAX, ERR_TOO_BIG, 0 },
    { "", 9, ERR_MALFORMED, 0 },
    { "-1", 9, ERR_MALFORMED, 0 },
    { "+1", 9, ERR_MALFORMED, 0 },
    { " 1", 9, ERR_MALFORMED, 0 },
    { "1 ", 9, ERR_MALFORMED, 0 },
    { "0x1", 9, ERR_MALFORMED, 0 },
    { "\xd9\xa1", 9, ERR_MALFORMED, 0 }, /* a digit, but not ours */
};

static void numbers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        uint64_t value = 0;

        check_err(numbers[i].in, str_to_u64(str_from(numbers[i].in), numbers[i].max, &value),
                  numbers[i].err);
        assert_true(value == numbers[i].value);
    }
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    for (int e = ERR_NONE; e <= ERR_IO; e++)
        assert_string_not_equal(err_text((enum err)e), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons),
        cmocka_unit_test(prefixes_and_suffixes),
        cmocka_unit_test(slices_are_clamped),
        cmocka_unit_test(white_space_is_trimmed),
        cmocka_unit_test(finding),
        cmocka_unit_test(splitting),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
