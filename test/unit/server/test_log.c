/* test_log.c: lines as they are written: levels, both formats, escapes, accounts as hashes, the
 * cap. */
#include "test/unit/check.h"

#include <string.h>
#include <unistd.h>

#include "server/log.h"

static const uint8_t key[LOG_KEY_SIZE] = { 1, 2, 3 };

/* What one call writes, without the time. */
static struct str written(enum log_level floor, enum log_format format, enum log_level level,
                          const struct log_field *fields, size_t count)
{
    static char line[2 * LOG_LINE_MAX];
    int pair[2];
    struct log *l;
    ssize_t n;
    size_t time = format == LOG_FORMAT_JSON ? sizeof "{\"time\":\"2026-01-31T23:59:59.123Z\"," - 1
                                            : sizeof "2026-01-31T23:59:59.123Z " - 1;

    assert_int_equal(pipe(pair), 0);
    l = log_new(pair[1], floor, format, key);
    log_write(l, level, "some.event", fields, count);
    log_free(l);
    close(pair[1]);
    n = read(pair[0], line, sizeof line);
    close(pair[0]);
    return n <= 0 ? STR_NONE : (struct str){ line + time, (size_t)n - time };
}

#define TEXT(value)                                                                                \
    {                                                                                              \
        .name = "k", .type = LOG_FIELD_TEXT, .text = STR_INIT(value)                               \
    }

static const struct {
    struct log_field field;
    const char *text, *json;
} lines[] = {
    { { .name = "n", .type = LOG_FIELD_INT, .number = 3 }, "n=3", "\"n\":3" },
    { { .name = "n", .type = LOG_FIELD_INT, .number = INT64_MIN },
      "n=-9223372036854775808",
      "\"n\":-9223372036854775808" },
    { TEXT("plain"), "k=plain", "\"k\":\"plain\"" },
    { TEXT(""), "k=\"\"", "\"k\":\"\"" },
    { TEXT("two words"), "k=\"two words\"", "\"k\":\"two words\"" },
    { TEXT("a=b"), "k=\"a=b\"", "\"k\":\"a=b\"" },
    { TEXT("\"\\"), "k=\"\\\"\\\\\"", "\"k\":\"\\\"\\\\\"" },
    /* A peer that wants a line or a terminal of its own. */
    { TEXT("x\n2026 INFO forged"), "k=\"x\\u000a2026 INFO forged\"",
      "\"k\":\"x\\u000a2026 INFO forged\"" },
    { TEXT("\x1b[2J\x7f"), "k=\"\\u001b[2J\\u007f\"", "\"k\":\"\\u001b[2J\\u007f\"" },
    { TEXT("\xc2\x9b"), "k=\"\\u009b\"", "\"k\":\"\\u009b\"" },
    { TEXT("\u03c0\U0001f600"), "k=\"\\u03c0\\ud83d\\ude00\"", "\"k\":\"\\u03c0\\ud83d\\ude00\"" },
    { TEXT("a\xff\xc2"), "k=\"a\\ufffd\\ufffd\"", "\"k\":\"a\\ufffd\\ufffd\"" },
};

static void fields_are_escaped(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        check_str(lines[i].text,
                  written(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, LOG_LEVEL_WARN, &lines[i].field, 1),
                  arena_printf(&a, "WARN some.event %s\n", lines[i].text).p);
        check_str(
            lines[i].json,
            written(LOG_LEVEL_INFO, LOG_FORMAT_JSON, LOG_LEVEL_WARN, &lines[i].field, 1),
            arena_printf(&a, "\"level\":\"WARN\",\"event\":\"some.event\",%s}\n", lines[i].json).p);
    }
    arena_deinit(&a);
}

static void levels_are_kept(void **state)
{
    (void)state;
    for (int floor = LOG_LEVEL_ERROR; floor <= LOG_LEVEL_DEBUG; floor++) {
        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
            assert_int_equal(
                written((enum log_level)floor, LOG_FORMAT_TEXT, (enum log_level)level, NULL, 0).n
                    > 0,
                level <= floor);
    }
}

/* HMAC-SHA-256 over the address with the key of this file, first four octets. */
static void accounts_are_hashed(void **state)
{
    struct log *l = log_new(-1, LOG_LEVEL_INFO, LOG_FORMAT_TEXT, key);
    const struct log_field field = log_account(STR("juliet@example.com"));
    char id[LOG_ACCOUNT_HEX + 1], other[LOG_ACCOUNT_HEX + 1];
    struct str line = written(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, LOG_LEVEL_INFO, &field, 1);

    (void)state;
    log_account_id(l, STR("juliet@example.com"), id);
    log_account_id(l, STR("romeo@example.com"), other);
    assert_string_equal(id, "187bbb3b");
    assert_string_not_equal(id, other);
    assert_int_equal(line.n, sizeof "INFO some.event account=" - 1 + LOG_ACCOUNT_HEX + 1);
    assert_memory_equal(line.p + line.n - 1 - LOG_ACCOUNT_HEX, id, LOG_ACCOUNT_HEX);
    log_free(l);
}

/* Long text is cut, fields beyond the line are left out whole, and a line still ends as one. */
static void lines_are_capped(void **state)
{
    static char text[LOG_LINE_MAX * 2];
    struct log_field fields[64];
    struct str line;

    (void)state;
    memset(text, 1, sizeof text); /* every octet becomes six */
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        fields[i] = log_text("k", (struct str){ text, sizeof text });
    line = written(LOG_LEVEL_INFO, LOG_FORMAT_JSON, LOG_LEVEL_INFO, fields, COUNT_OF(fields));
    assert_in_range(line.n, LOG_TEXT_MAX * 6, LOG_LINE_MAX);
    assert_memory_equal(line.p + line.n - 3, "\"}\n", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_escaped),
        cmocka_unit_test(levels_are_kept),
        cmocka_unit_test(accounts_are_hashed),
        cmocka_unit_test(lines_are_capped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
