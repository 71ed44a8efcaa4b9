/* test_event.c: the table of reasons, and that docs/events.md, given as argument, has the same one. */
#include "../check.h"

#include <ctype.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "server/event.h"

static const char *doc_path;

static void names_are_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EVENT_REASONS; i++) {
        const char *name = event_reason_name(i);

        assert_non_null(name);
        for (const char *c = name; *c != '\0'; c++)
            assert_true(islower((unsigned char)*c) || *c == '_');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(name, event_reason_name(k));
    }
}

static void reasons_follow_their_types(void **state)
{
    (void)state;
    assert_int_equal(event_type_of(0), 0);
    for (unsigned i = 1; i < EVENT_REASONS; i++)
        assert_true(event_type_of(i) - event_type_of(i - 1) <= 1);
    assert_int_equal(event_type_of(EVENT_REASONS - 1), EVENT_TYPES - 1);
}

static void read_doc(struct buf *out)
{
    FILE *f = fopen(doc_path, "r");
    char piece[4096];

    assert_non_null(f);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(out, (struct str){ piece, n });
    fclose(f);
}

static void manual_agrees(void **state)
{
    struct arena a = { 0 };
    struct buf doc;
    struct str rest, line = STR_NONE;

    (void)state;
    buf_init(&doc, 1024 * 1024);
    read_doc(&doc);
    rest = buf_str(&doc);
    while (rest.p != NULL && !str_starts(line, STR("| type | reason |")))
        line = str_split(&rest, '\n');
    str_split(&rest, '\n'); /* | --- | */
    for (unsigned i = 0; i < EVENT_REASONS; i++) {
        struct str row = arena_printf(&a, "| %s | `%s` | %s |", event_type_name(event_type_of(i)),
                                      event_reason_name(i), event_reason_text(i));

        line = str_split(&rest, '\n');
        if (!str_eq(line, row))
            fail_msg("docs/events.md lacks: %.*s", STR_ARG(row));
    }
    assert_false(str_starts(str_split(&rest, '\n'), STR("|")));
    buf_deinit(&doc);
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_words),
        cmocka_unit_test(reasons_follow_their_types),
        cmocka_unit_test(manual_agrees),
    };

    if (argc != 2)
        return 2;
    doc_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
