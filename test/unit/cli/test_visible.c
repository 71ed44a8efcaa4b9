/* test_visible.c: what of others' text reaches a terminal. */
#include "test/unit/check.h"

#include "cli/visible.h"

#define BAD "\xef\xbf\xbd"

static const struct {
    const char *what, *in, *text, *line; /* line NULL: the same as text */
} cases[] = {
    { "plain", "hello, world", "hello, world", NULL },
    { "nothing", "", "", NULL },
    { "scripts", "Grüße, 你好, שלום, नमस्ते", "Grüße, 你好, שלום, नमस्ते", NULL },
    { "a family of joined signs", "👩\xe2\x80\x8d👧 ❤\xef\xb8\x8f", "👩\xe2\x80\x8d👧 ❤\xef\xb8\x8f",
      NULL },
    { "colours and cursors", "\x1b[31mred\x1b[2J", BAD "[31mred" BAD "[2J", NULL },
    { "bell, backspace, delete", "a\a\b\x7f", "a" BAD BAD BAD, NULL },
    { "a carriage return over a line", "ok\rno", "ok" BAD "no", NULL },
    { "C1 controls",
      "\xc2\x9b"
      "31m",
      BAD "31m", NULL },
    { "right-to-left override",
      "a\xe2\x80\xae"
      "cba",
      "a" BAD "cba", NULL },
    { "isolates", "\xe2\x81\xa6x\xe2\x81\xa9", BAD "x" BAD, NULL },
    { "direction marks", "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", BAD BAD BAD, NULL },
    { "no-break without width, soft hyphen", "\xef\xbb\xbf\xc2\xad", BAD BAD, NULL },
    { "line and paragraph separators", "\xe2\x80\xa8\xe2\x80\xa9", BAD BAD, NULL },
    { "tags", "\xf3\xa0\x80\xa1", BAD, NULL },
    { "not UTF-8", "a\xff\xc3", "a" BAD BAD, NULL },
    { "line breaks", "one\ntwo\n", "one\n    two\n    ", "one two " },
    { "tab", "a\tb", "a b", NULL },
};

static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = { 0 };
        struct str in = str_from(cases[i].in);

        check_str(cases[i].what, visible_text(&a, in), cases[i].text);
        check_str(cases[i].what, visible_line(&a, in),
                  cases[i].line != NULL ? cases[i].line : cases[i].text);
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
