/* test_jid.c: addresses of RFC 7622 §3.5 and beyond; preparing is stable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "xmpp/jid.h"

static void assert_str(struct str s, const char *want)
{
    if (!str_is(s, want))
        fail_msg("have '%.*s', want '%s'", STR_ARG(s), want);
}

static const struct {
    const char *text;
    enum err err;
    const char *local, *domain, *resource;
} cases[] = {
    /* RFC 7622 §3.5, table 1 */
    { "juliet@example.com", ERR_NONE, "juliet", "example.com", "" },
    { "juliet@example.com/foo", ERR_NONE, "juliet", "example.com", "foo" },
    { "juliet@example.com/foo bar", ERR_NONE, "juliet", "example.com", "foo bar" },
    { "juliet@example.com/foo@bar", ERR_NONE, "juliet", "example.com", "foo@bar" },
    { "foo\\20bar@example.com", ERR_NONE, "foo\\20bar", "example.com", "" },
    { "fussball@example.com", ERR_NONE, "fussball", "example.com", "" },
    { "fu\u00dfball@example.com", ERR_NONE, "fu\u00dfball", "example.com", "" },
    { "\u03c0@example.com", ERR_NONE, "\u03c0", "example.com", "" },
    { "\u03a3@example.com/foo", ERR_NONE, "\u03c3", "example.com", "foo" },
    { "\u03c3@example.com/foo", ERR_NONE, "\u03c3", "example.com", "foo" },
    { "\u03c2@example.com/foo", ERR_NONE, "\u03c2", "example.com", "foo" },
    { "king@example.com/\u265a", ERR_NONE, "king", "example.com", "\u265a" },
    { "example.com", ERR_NONE, "", "example.com", "" },
    { "example.com/foobar", ERR_NONE, "", "example.com", "foobar" },
    { "a.example.com/b@example.net", ERR_NONE, "", "a.example.com", "b@example.net" },
    /* RFC 7622 §3.5, table 2 */
    { "\"juliet\"@example.com", ERR_MALFORMED, "", "", "" },
    { "foo bar@example.com", ERR_MALFORMED, "", "", "" },
    { "juliet@example.com/ foo", ERR_MALFORMED, "", "", "" },
    { "@example.com/", ERR_MALFORMED, "", "", "" },
    { "henry\u2163@example.com", ERR_MALFORMED, "", "", "" },
    { "\u265a@example.com", ERR_MALFORMED, "", "", "" },
    { "juliet@", ERR_MALFORMED, "", "", "" },
    { "/foobar", ERR_MALFORMED, "", "", "" },
    /* separators without parts */
    { "", ERR_MALFORMED, "", "", "" },
    { "@", ERR_MALFORMED, "", "", "" },
    { "/", ERR_MALFORMED, "", "", "" },
    { "@/", ERR_MALFORMED, "", "", "" },
    { "@example.com", ERR_MALFORMED, "", "", "" },
    { "example.com/", ERR_MALFORMED, "", "", "" },
    { "juliet@/foo", ERR_MALFORMED, "", "", "" },
    { "a@b@example.com", ERR_MALFORMED, "", "", "" },
    /* resources may hold separators */
    { "example.com/@", ERR_NONE, "", "example.com", "@" },
    { "example.com//", ERR_NONE, "", "example.com", "/" },
    { "a@example.com/b/c", ERR_NONE, "a", "example.com", "b/c" },
    /* equality is byte equality: ASCII case */
    { "Juliet@EXAMPLE.Com/Foo", ERR_NONE, "juliet", "example.com", "Foo" },
    { "a@example.com.", ERR_NONE, "a", "example.com", "" },
    { "a@example.com./r", ERR_NONE, "a", "example.com", "r" },
    { "a@example.com..", ERR_MALFORMED, "", "", "" },
    { "a@.", ERR_MALFORMED, "", "", "" },
};

static void parses_as_in_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = { 0 };
        struct jid j = { 0 };
        enum err e = jid_parse(&a, str_from(cases[i].text), &j);

        if (e != cases[i].err)
            fail_msg("'%s': %s", cases[i].text, err_text(e));
        assert_str(j.local, cases[i].local);
        assert_str(j.domain, cases[i].domain);
        assert_str(j.resource, cases[i].resource);
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_as_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
