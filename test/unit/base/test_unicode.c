/* test_unicode.c: what the facade says of code points, and its mappings. */
#include "test/unit/check.h"

#include <string.h>

#include "base/unicode.h"
#include "base/utf8.h"

static const struct {
    uint32_t c;
    struct unicode_info info;
} points[] = {
    { 'a', { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_LEFT } },
    { '7', { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_NUMBER } },
    { ' ', { .class = UNICODE_SPACE, .direction = UNICODE_NEUTRAL } },
    { '!', { .class = UNICODE_PUNCTUATION, .direction = UNICODE_NEUTRAL } },
    { '+', { .class = UNICODE_SYMBOL, .direction = UNICODE_NEUTRAL } },
    { 0x00, { .class = UNICODE_CONTROL, .direction = UNICODE_NEUTRAL } },
    { 0x9f, { .class = UNICODE_CONTROL, .direction = UNICODE_NEUTRAL } },
    { 0xa0, { .class = UNICODE_SPACE, .direction = UNICODE_NEUTRAL, .has_compat = true } },
    { 0xad, { .class = UNICODE_IGNORABLE, .direction = UNICODE_NEUTRAL } },
    { 0xe9, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_LEFT } }, /* composes again */
    { 0x1c5, { .class = UNICODE_OTHER_LETTER, .direction = UNICODE_LEFT, .has_compat = true } },
    { 0x301,
      { .class = UNICODE_LETTER_DIGIT,
        .direction = UNICODE_MARK,
        .mark = true,
        .combining_class = 230 } },
    { 0x340, /* only ever decomposes */
      { .class = UNICODE_LETTER_DIGIT,
        .direction = UNICODE_MARK,
        .has_compat = true,
        .mark = true,
        .combining_class = 230 } },
    { 0x378, { .class = UNICODE_UNASSIGNED, .direction = UNICODE_NEUTRAL } },
    { 0x5d0, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_RIGHT } },
    { 0x628, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_RIGHT } },
    { 0x661, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_ARABIC_NUMBER } },
    { 0x6f1, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_NUMBER } },
    { 0x903, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_LEFT, .mark = true } },
    { 0x94d,
      { .class = UNICODE_LETTER_DIGIT,
        .direction = UNICODE_MARK,
        .mark = true,
        .combining_class = 9 } },
    { 0x1100,
      { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_LEFT, .old_hangul_jamo = true } },
    { 0x200d, { .class = UNICODE_IGNORABLE, .direction = UNICODE_NEUTRAL } },
    { 0x2028, { .class = UNICODE_OTHER, .direction = UNICODE_NEUTRAL } },
    { 0x20dd, { .class = UNICODE_OTHER_LETTER, .direction = UNICODE_MARK, .mark = true } },
    { 0x2163, { .class = UNICODE_OTHER_LETTER, .direction = UNICODE_LEFT, .has_compat = true } },
    { 0xac00, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_LEFT } },
    { 0xe000, { .class = UNICODE_OTHER, .direction = UNICODE_LEFT } },
    { 0xfdfa, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_RIGHT, .has_compat = true } },
    { 0xfffe, { .class = UNICODE_IGNORABLE, .direction = UNICODE_NEUTRAL } },
    { 0x1f600, { .class = UNICODE_SYMBOL, .direction = UNICODE_NEUTRAL } },
    { 0x20000, { .class = UNICODE_LETTER_DIGIT, .direction = UNICODE_LEFT } },
};

static void code_points_have_properties(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        struct unicode_info have = unicode_info(points[i].c), want = points[i].info;

        if (have.class != want.class
            || (want.class < UNICODE_CONTROL && have.direction != want.direction)
            || have.has_compat != want.has_compat || have.old_hangul_jamo != want.old_hangul_jamo
            || have.mark != want.mark || have.combining_class != want.combining_class)
            fail_msg("U+%04X: class %d, direction %d, compat %d, jamo %d, mark %d, combining %d",
                     points[i].c, (int)have.class, (int)have.direction, have.has_compat,
                     have.old_hangul_jamo, have.mark, have.combining_class);
    }
}

static const struct {
    const char *in, *nfc, *lower, *narrow;
} mappings[] = {
    { "", "", "", "" },
    { "Abc", "Abc", "abc", "Abc" },
    { "\u00c5", "\u00c5", "\u00e5", "\u00c5" },
    { "A\u030a", "\u00c5", "a\u030a", "A\u030a" },
    { "\u212b", "\u00c5", "\u00e5", "\u212b" },
    { "\ufb01", "\ufb01", "\ufb01", "\ufb01" },
    { "\u0958", "\u0915\u093c", "\u0958", "\u0958" }, /* excluded from composition */
    { "a\u0315\u0300", "\u00e0\u0315", "a\u0315\u0300", "a\u0315\u0300" },
    { "\u1112\u1161\u11ab", "\ud55c", "\u1112\u1161\u11ab", "\u1112\u1161\u11ab" },
    { "\u0130", "\u0130", "i\u0307", "\u0130" },
    { "\u03a3\u03a3", "\u03a3\u03a3", "\u03c3\u03c3", "\u03a3\u03a3" },
    { "\u1e9e\u01c5", "\u1e9e\u01c5", "\u00df\u01c6", "\u1e9e\u01c5" },
    { "\u023a", "\u023a", "\u2c65", "\u023a" }, /* grows by a half */
    { "\u13a0", "\u13a0", "\uab70", "\u13a0" },
    { "\U00010400", "\U00010400", "\U00010428", "\U00010400" },
    { "\uff21\uff5e\u3000", "\uff21\uff5e\u3000", "\uff41\uff5e\u3000", "A~ " },
    { "\uff76\uff9e\uffe5\uffee", "\uff76\uff9e\uffe5\uffee", "\uff76\uff9e\uffe5\uffee",
      "\u30ab\u3099\u00a5\u25cb" },
};

static void texts_are_mapped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mappings); i++) {
        struct str in = str_from(mappings[i].in), out;
        struct arena a = { 0 };

        assert_int_equal(unicode_nfc(&a, in, &out), ERR_NONE);
        check_str("nfc", out, mappings[i].nfc);
        assert_int_equal(unicode_lower(&a, in, &out), ERR_NONE);
        check_str("lower", out, mappings[i].lower);
        assert_int_equal(unicode_width_map(&a, in, &out), ERR_NONE);
        check_str("width", out, mappings[i].narrow);
        arena_deinit(&a);
    }
}

static void what_is_not_utf8_is_refused(void **state)
{
    static const char *const broken[] = { "\xff", "a\xc3", "\xcc\x80\xcc", "\xed\xa0\x80",
                                          "\xc0\x80" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct arena a = { 0 };
        struct str out;

        check_err("nfc", unicode_nfc(&a, str_from(broken[i]), &out), ERR_MALFORMED);
        check_err("lower", unicode_lower(&a, str_from(broken[i]), &out), ERR_MALFORMED);
        check_err("width", unicode_width_map(&a, str_from(broken[i]), &out), ERR_MALFORMED);
        arena_deinit(&a);
    }
}

/* For every code point: mapping it again changes nothing, and nothing grows past its room. */
static void mappings_are_stable(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        struct str once, twice, in;
        struct arena a = { 0 };
        char text[4];

        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        in = (struct str){ text, utf8_put(c, text) };
        assert_int_equal(unicode_nfc(&a, in, &once), ERR_NONE);
        assert_true(once.n <= 3 * in.n);
        assert_int_equal(unicode_nfc(&a, once, &twice), ERR_NONE);
        assert_true(str_eq(once, twice));
        assert_int_equal(unicode_lower(&a, in, &once), ERR_NONE);
        assert_true(once.n <= 2 * in.n);
        assert_int_equal(unicode_lower(&a, once, &twice), ERR_NONE);
        assert_true(str_eq(once, twice));
        assert_int_equal(unicode_width_map(&a, in, &once), ERR_NONE);
        assert_true(once.n <= in.n);
        assert_int_equal(unicode_width_map(&a, once, &twice), ERR_NONE);
        assert_true(str_eq(once, twice));
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_points_have_properties),
        cmocka_unit_test(texts_are_mapped),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(mappings_are_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
