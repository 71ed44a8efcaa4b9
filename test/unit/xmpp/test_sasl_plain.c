/* test_sasl_plain.c: PLAIN messages (RFC 4616 §2 and its examples in §4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "xmpp/sasl.h"

/* clang-format off */
static const struct {
    struct str message; enum err err; const char *authzid, *user, *password;
} cases[] = {
    { STR_INIT("\0tim\0tanstaaftanstaaf"), ERR_NONE, "", "tim", "tanstaaftanstaaf" },
    { STR_INIT("Ursel\0Kurt\0xipj3plmq"), ERR_NONE, "Ursel", "Kurt", "xipj3plmq" },
    { STR_INIT("\0b\xc3\xbc\0 \xf0\x9f\x90\x88 "), ERR_NONE, "", "b\xc3\xbc", " \xf0\x9f\x90\x88 " },
    { STR_INIT(""), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\0"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\0\0"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("tim"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\0tim"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\0tim\0"), ERR_MALFORMED, "", "", "" },                   /* no password */
    { STR_INIT("\0\0secret"), ERR_MALFORMED, "", "", "" },                /* no user */
    { STR_INIT("tim\0secret"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\0tim\0sec\0ret"), ERR_MALFORMED, "", "", "" },           /* one NUL too many */
    { STR_INIT("\0tim\0secret\0"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\xff\0tim\0secret"), ERR_MALFORMED, "", "", "" },         /* not UTF-8 */
    { STR_INIT("\0t\xc3\0secret"), ERR_MALFORMED, "", "", "" },
    { STR_INIT("\0tim\0\xc0\x80"), ERR_MALFORMED, "", "", "" },           /* NUL in disguise */
};
/* clang-format on */

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str authzid = STR("-"), user = STR("-"), password = STR("-");
        bool good = cases[i].err == ERR_NONE;

        assert_int_equal(sasl_plain_read(cases[i].message, &authzid, &user, &password),
                         cases[i].err);
        assert_true(str_is(authzid, good ? cases[i].authzid : "-"));
        assert_true(str_is(user, good ? cases[i].user : "-"));
        assert_true(str_is(password, good ? cases[i].password : "-"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
