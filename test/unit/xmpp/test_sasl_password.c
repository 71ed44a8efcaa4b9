/* test_sasl_password.c: preparing passwords: the examples of RFC 8265 §4.3 and what they leave open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "xmpp/sasl.h"

/* clang-format off */
static const struct { const char *in; enum err err; const char *out; } cases[] = {
    { "correct horse battery staple", ERR_NONE, "correct horse battery staple" }, /* examples 12, 13 */
    { "Correct Horse Battery Staple", ERR_NONE, "Correct Horse Battery Staple" },
    { "\u03c0\u00df\u00e5", ERR_NONE, "\u03c0\u00df\u00e5" },                     /* 14 */
    { "Jack of \u2666s", ERR_NONE, "Jack of \u2666s" },                           /* 15 */
    { "foo\u1680bar", ERR_NONE, "foo bar" },                                      /* 16: Ogham space */
    { "", ERR_MALFORMED, "" },                                                    /* 17 */
    { "my cat is a \tby", ERR_MALFORMED, "" },                                    /* 18 */

    { " ", ERR_NONE, " " },
    { "~!@#$%^&*()", ERR_NONE, "~!@#$%^&*()" },
    { "a\u00a0\u3000b", ERR_NONE, "a  b" },
    { "cafe\u0301", ERR_NONE, "caf\u00e9" },                                      /* NFC */
    { "\u212b", ERR_NONE, "\u00c5" },                                             /* Angstrom sign */
    { "\u00c5", ERR_NONE, "\u00c5" },
    { "\uff21\uff22", ERR_NONE, "\uff21\uff22" },                                 /* no width mapping */
    { "\u1e9e\u0130", ERR_NONE, "\u1e9e\u0130" },                                 /* no case mapping */
    { "\u05d0b\u0627", ERR_NONE, "\u05d0b\u0627" },                               /* no Bidi Rule */
    { "\U0001f408", ERR_NONE, "\U0001f408" },
    { "a\x7f", ERR_MALFORMED, "" },
    { "a\xc2\x85", ERR_MALFORMED, "" },
    { "a\u200b", ERR_MALFORMED, "" },                                             /* zero width space */
    { "a\ufeff", ERR_MALFORMED, "" },
    { "a\ue000", ERR_MALFORMED, "" },                                             /* private use */
    { "a\u2028", ERR_MALFORMED, "" },
    { "a\xff", ERR_MALFORMED, "" },
    { "a\xc3", ERR_MALFORMED, "" },
    { "\xed\xa0\x80", ERR_MALFORMED, "" },
};
/* clang-format on */

static void test_cases(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str out = STR("untouched"), again;
        enum err e = sasl_prepare_password(&a, str_from(cases[i].in), &out);

        if (e != cases[i].err || !str_is(out, e ? "untouched" : cases[i].out))
            fail_msg("case %zu: %s, %.*s", i, err_text(e), STR_ARG(out));
        if (e != ERR_NONE)
            continue;
        assert_int_equal(sasl_prepare_password(&a, out, &again), ERR_NONE);
        assert_true(str_eq(out, again));
    }
    arena_deinit(&a);
}

static void test_nul(void **state)
{
    struct arena a = { 0 };
    struct str out;

    (void)state;
    assert_int_equal(sasl_prepare_password(&a, STR("a\0b"), &out), ERR_MALFORMED);
    arena_deinit(&a);
}

static void test_length(void **state)
{
    static char text[SASL_PASSWORD_MAX + 1];
    struct arena a = { 0 };
    struct str out;

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(sasl_prepare_password(&a, (struct str){ text, SASL_PASSWORD_MAX }, &out),
                     ERR_NONE);
    assert_int_equal(sasl_prepare_password(&a, (struct str){ text, sizeof text }, &out),
                     ERR_TOO_BIG);
    arena_deinit(&a);
}

/* ASCII leaves no copy behind. */
static void test_ascii_is_borrowed(void **state)
{
    struct arena a = { 0 };
    struct str in = STR("correct horse"), out;

    (void)state;
    assert_int_equal(sasl_prepare_password(&a, in, &out), ERR_NONE);
    assert_ptr_equal(out.p, in.p);
    assert_int_equal(a.used, 0);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_ascii_is_borrowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
