/* test_chat_text.c: characters, their widths, where lines break; and writing: moving, deleting, undoing. */
#include "test/unit/check.h"

#include <locale.h>
#include <string.h>

#include "cli/chat/composer.h"
#include "cli/chat/grid.h"

static const struct {
    const char *text;
    int characters, width;
    const char *drawn;
} widths[] = {
    { "", 0, 0, "" },
    { "abc", 3, 3, "abc" },
    { "你好", 2, 4, "你好" },
    { "e\xcc\x81t\xc3\xa9", 3, 3, "e\xcc\x81t\xc3\xa9" },
    { "\xcc\x81x", 2, 2, " \xcc\x81x" }, /* a mark without a base */
    { "👩\xe2\x80\x8d👩\xe2\x80\x8d👧", 1, 6, "👩👩👧" },
    { "👍🏽!", 2, 3, "👍!" },
    { "❤\xef\xb8\x8f", 1, 1, "❤" },
    { "🇩🇪🇫🇷", 2, 4, "🇩🇪🇫🇷" },
    { "שלום", 4, 4, "שלום" },
    { "a\xff", 2, 2, "a\xef\xbf\xbd" },
    { "o\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86", 1, 1,
      "o\xcc\x81\xcc\x82\xcc\x83\xcc\x84" },
};

static void test_widths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        struct str text = str_from(widths[i].text), rest = text, one;
        struct arena a = { 0 };
        struct grid g;
        int n = 0;

        while (text_next(&rest, &one))
            n++;
        assert_int_equal(n, widths[i].characters);
        assert_int_equal(text_width(text), widths[i].width);
        grid_init(&g, 8, 1);
        assert_int_equal(grid_put(&g, 0, 0, 8, STYLE_TEXT, text), widths[i].width);
        check_str(widths[i].text, str_trim(grid_text(&g, &a)),
                  str_trim(str_from(widths[i].drawn)).p);
        grid_deinit(&g);
        arena_deinit(&a);
    }
}

static const struct {
    const char *text;
    int width;
    const char *lines; /* separated by | */
} wraps[] = {
    { "", 5, "" },
    { "abc", 5, "abc" },
    { "one two three", 7, "one two |three" },
    { "one two three", 5, "one |two |three" },
    { "abcdefgh", 3, "abc|def|gh" },
    { "ab\ncd", 9, "ab|cd" },
    { "ab\n", 9, "ab|" },
    { "\n\n", 9, "||" },
    { "你好吗", 4, "你好|吗" },
    { "你好吗", 1, "你|好|吗" }, /* wider than the line */
    { "a 你好", 4, "a |你好" },
    { "end  ", 3, "end  " },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wraps); i++) {
        struct str rest = str_from(wraps[i].text), line;
        struct buf b;

        buf_init(&b, 1000);
        for (int n = 0; text_line(&rest, wraps[i].width, &line); n++) {
            if (n > 0)
                buf_add_char(&b, '|');
            buf_add(&b, line);
        }
        check_str(wraps[i].text, buf_str(&b), wraps[i].lines);
        buf_deinit(&b);
    }
}

static void test_clipping(void **state)
{
    struct arena a = { 0 };
    struct grid g;

    (void)state;
    grid_init(&g, 5, 2);
    assert_int_equal(grid_put(&g, 0, 0, 5, STYLE_TEXT, STR("abcdefg")), 5);
    assert_int_equal(grid_put(&g, 3, 1, 4, STYLE_TEXT, STR("你")), 3); /* half of it would not do */
    grid_put(&g, 0, 7, 5, STYLE_TEXT, STR("nowhere"));
    grid_put_cut(&g, 0, 1, 4, STYLE_TEXT, STR("longer"), STR("…"));
    check_str("clipped", grid_text(&g, &a), "abcde\nlon…\n");
    grid_deinit(&g);
    arena_deinit(&a);
}

/* ---- Writing ------------------------------------------------------------------------------------- */

/* Letters type themselves; a digit is a key: see press(). | is the cursor in what is wanted. */
static const struct {
    const char *what, *keys, *text;
} edits[] = {
    { "typing", "ab", "ab|" },
    { "left and typing", "ab<c", "ac|b" },
    { "a character of several signs goes as one", "👩\xe2\x80\x8d👧<", "|👩\xe2\x80\x8d👧" },
    { "backspace over a mark", "e\xcc\x81^", "|" },
    { "words", "one two{{", "|one two" },
    { "cut a word, put it back twice", "one two~%%", "one twotwo|" },
    { "line start in a second line", "ab\ncd[x", "ab\nx|cd" },
    { "line end", "ab\ncd[]x", "ab\ncdx|" },
    { "undo a word", "one two*", "one |" },
    { "undo all, do it again", "one two**+", "one |" },
    { "undo a deletion", "abc^^*", "abc|" },
    { "new text ends doing again", "one*x+", "x|" },
    { "undo of nothing", "*", "|" },
};

static void press(struct composer *c, struct str key)
{
    switch (key.p[0]) {
    case '<': composer_move(c, TO_LEFT); break;
    case '{': composer_move(c, TO_WORD_LEFT); break;
    case '[': composer_move(c, TO_LINE_START); break;
    case ']': composer_move(c, TO_LINE_END); break;
    case '^': composer_delete(c, TO_LEFT); break;
    case '~': composer_delete(c, TO_WORD_LEFT); break;
    case '%': composer_put_back(c); break;
    case '*': (void)composer_undo(c); break;
    case '+': (void)composer_redo(c); break;
    default: composer_type(c, key); break;
    }
}

static void test_edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(edits); i++) {
        struct str keys = str_from(edits[i].keys), key;
        struct composer c;
        struct buf b;

        composer_init(&c);
        while (text_next(&keys, &key))
            press(&c, key);
        buf_init(&b, 1000);
        buf_add(&b, str_slice(composer_text(&c), 0, c.cursor));
        buf_add_char(&b, '|');
        buf_add(&b, str_skip(composer_text(&c), c.cursor));
        check_str(edits[i].what, buf_str(&b), edits[i].text);
        buf_deinit(&b);
        composer_deinit(&c);
    }
}

static void test_paste(void **state)
{
    static char large[COMPOSER_MAX + 1];
    struct composer c;

    (void)state;
    composer_init(&c);
    assert_true(composer_paste(&c, STR("one\r\ntwo\rthree\tfour\x1b[31m\xc2\x9b"
                                       "five\x7f")));
    check_str("without what moves cursors", composer_text(&c), "one\ntwo\nthree    four[31mfive");
    composer_undo(&c);
    check_str("one step", composer_text(&c), "");
    assert_false(
        composer_paste(&c, (struct str){ memset(large, 'x', sizeof large), sizeof large }));
    check_str("too long: nothing", composer_text(&c), "");
    for (int i = 0; i < 3 * COMPOSER_STEPS; i++)
        composer_paste(&c, STR("z"));
    for (int i = 0; i < 3 * COMPOSER_STEPS; i++)
        composer_undo(&c);
    assert_int_equal(c.text.n, 2 * COMPOSER_STEPS); /* the oldest steps gave way */
    composer_deinit(&c);
}

static void test_rows(void **state)
{
    int row, column, rows;
    struct composer c;

    (void)state;
    composer_init(&c);
    composer_set(&c, STR("one two three\nx"));
    composer_place(&c, 8, &row, &column, &rows);
    assert_int_equal(rows, 3);
    assert_int_equal(row, 2);
    assert_int_equal(column, 1);
    assert_true(composer_move_row(&c, 8, -1));
    assert_int_equal(c.cursor, 9); /* t|hree */
    composer_move(&c, TO_LINE_END);
    assert_true(composer_move_row(&c, 8, -1));
    assert_int_equal(c.cursor, 5); /* one t|wo */
    assert_false(composer_move_row(&c, 8, -1));
    composer_set(&c, STR_NONE);
    composer_place(&c, 8, &row, &column, &rows);
    assert_int_equal(rows, 1);
    assert_false(composer_move_row(&c, 8, 1));
    composer_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),   cmocka_unit_test(test_lines),
        cmocka_unit_test(test_clipping), cmocka_unit_test(test_edits),
        cmocka_unit_test(test_paste),    cmocka_unit_test(test_rows),
    };

    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
