/* test_target.c: paths, hosts, queries, forms, ranges. */
#include "test/unit/check.h"

#include "http/range.h"
#include "http/target.h"

static const struct {
    const char *path;
    enum err err;
    const char *segments;
} paths[] = {
    { "/", ERR_NONE, "" },
    { "/a", ERR_NONE, "[a]" },
    { "/a/b", ERR_NONE, "[a][b]" },
    { "/a%2Eb/...", ERR_NONE, "[a.b][...]" },
    { "/na%C3%AFve%20%25.jpg", ERR_NONE, "[na\xC3\xAFve %.jpg]" },
    { "/a+b;c=d", ERR_NONE, "[a+b;c=d]" },
    { "", ERR_MALFORMED, "" },
    { "a", ERR_MALFORMED, "" },
    { "//", ERR_MALFORMED, "" },
    { "/a//b", ERR_MALFORMED, "" },
    { "/a/", ERR_MALFORMED, "" },
    { "/.", ERR_MALFORMED, "" },
    { "/..", ERR_MALFORMED, "" },
    { "/a/../b", ERR_MALFORMED, "" },
    { "/%2e%2E", ERR_MALFORMED, "" },
    { "/.%2e", ERR_MALFORMED, "" },
    { "/a%2Fb", ERR_MALFORMED, "" },
    { "/a%5cb", ERR_MALFORMED, "" },
    { "/a\\b", ERR_MALFORMED, "" },
    { "/a%00", ERR_MALFORMED, "" },
    { "/a%0a", ERR_MALFORMED, "" },
    { "/a%7f", ERR_MALFORMED, "" },
    { "/%", ERR_MALFORMED, "" },
    { "/%2", ERR_MALFORMED, "" },
    { "/%g0", ERR_MALFORMED, "" },
    { "/%ff", ERR_MALFORMED, "" },
    { "/%C0%AF", ERR_MALFORMED, "" },   /* an overlong slash */
    { "/\xC3\xAF", ERR_MALFORMED, "" }, /* not encoded */
    { "/a b", ERR_MALFORMED, "" },
    { "/a\"b", ERR_MALFORMED, "" },
    { "/1/2/3/4", ERR_TOO_BIG, "" },
};

static void test_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct arena a = { 0 };
        const struct str *segments;
        size_t n = 0;
        struct str joined = STR("");

        check_err(paths[i].path, http_path_read(&a, str_from(paths[i].path), 3, &segments, &n),
                  paths[i].err);
        for (size_t k = 0; k < n; k++)
            joined = arena_printf(&a, "%.*s[%.*s]", STR_ARG(joined), STR_ARG(segments[k]));
        check_str(paths[i].path, joined, paths[i].segments);
        arena_deinit(&a);
    }
}

static const struct {
    const char *field, *host;
} hosts[] = {
    { "a.example", "a.example" },
    { "A.Example:1", "a.example" },
    { "127.0.0.1:5443", "127.0.0.1" },
    { "[::1]", "[::1]" },
    { "[2001:DB8::1]:443", "[2001:db8::1]" },
    { "", NULL },
    { ":1", NULL },
    { "a:", NULL },
    { "a:65536", NULL },
    { "a:b", NULL },
    { "a:1:2", NULL },
    { "[::1", NULL },
    { "[zz]", NULL },
    { "[::1]x", NULL },
    { "[::1%eth0]", NULL },
    { "a,b", NULL },
    { "a@b", NULL },
    { "a/b", NULL },
    { "a b", NULL },
    { "::1", NULL },
};

static void test_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct arena a = { 0 };
        struct str host = STR_NONE;

        check_err(hosts[i].field, http_host_read(&a, str_from(hosts[i].field), &host),
                  hosts[i].host ? ERR_NONE : ERR_MALFORMED);
        if (hosts[i].host)
            check_str(hosts[i].field, host, hosts[i].host);
        arena_deinit(&a);
    }
}

static const struct {
    const char *form, *value;
} forms[] = {
    { "name=alice", "alice" },
    { "x=1&name=a+b%26c&y", "a b&c" },
    { "na%6De=alice", "alice" },
    { "name=", "" },
    { "name", "" },
    { "name=a=b", "a=b" },
    { "other=1", NULL },
    { "", NULL },
    { "name=1&name=2", NULL },
    { "name=%zz", NULL },
    { "name=%ff", NULL },
    { "name=%", NULL },
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct arena a = { 0 };
        struct str value = http_form_value(&a, str_from(forms[i].form), "name");

        if (forms[i].value == NULL)
            assert_null(value.p);
        else
            check_str(forms[i].form, value, forms[i].value);
        arena_deinit(&a);
    }
}

static void test_queries(void **state)
{
    (void)state;
    assert_true(http_is_query(STR("")));
    assert_true(http_is_query(STR("a=b&c=%20/?:@")));
    assert_false(http_is_query(STR("a b")));
    assert_false(http_is_query(STR("%2")));
    assert_false(http_is_query(STR("a#b")));
    assert_false(http_is_query(STR("\xC3\xAF")));
}

static const struct {
    const char *field;
    enum http_range range;
    uint64_t from, count;
} ranges[] = {
    { NULL, HTTP_RANGE_ALL, 0, 10 },
    { "bytes=0-3", HTTP_RANGE_PART, 0, 4 },
    { "bytes=2-", HTTP_RANGE_PART, 2, 8 },
    { "bytes=-3", HTTP_RANGE_PART, 7, 3 },
    { "bytes=-30", HTTP_RANGE_PART, 0, 10 },
    { "bytes=9-9", HTTP_RANGE_PART, 9, 1 },
    { "bytes=5-99", HTTP_RANGE_PART, 5, 5 },
    { "bytes=0-18446744073709551615", HTTP_RANGE_PART, 0, 10 },
    { "bytes=10-", HTTP_RANGE_NONE, 0, 10 },
    { "bytes=-0", HTTP_RANGE_NONE, 0, 10 },
    { "bytes=3-2", HTTP_RANGE_ALL, 0, 10 }, /* no valid range: ignored, RFC 9110 §14.1.1 */
    { "bytes=-", HTTP_RANGE_ALL, 0, 10 },
    { "bytes=0-1,3-4", HTTP_RANGE_ALL, 0, 10 },
    { "bytes=a-", HTTP_RANGE_ALL, 0, 10 },
    { "lines=0-1", HTTP_RANGE_ALL, 0, 10 },
    { "bytes=18446744073709551616-", HTTP_RANGE_ALL, 0, 10 },
};

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct str field = ranges[i].field ? str_from(ranges[i].field) : STR_NONE;
        uint64_t from, count;

        assert_int_equal(http_range_read(field, 10, &from, &count), ranges[i].range);
        assert_int_equal(from, ranges[i].from);
        assert_int_equal(count, ranges[i].count);
    }
}

static void test_empty_file(void **state)
{
    uint64_t from, count;

    (void)state;
    assert_int_equal(http_range_read(STR("bytes=0-"), 0, &from, &count), HTTP_RANGE_NONE);
    assert_int_equal(http_range_read(STR("bytes=-1"), 0, &from, &count), HTTP_RANGE_NONE);
    assert_int_equal(http_range_read(STR_NONE, 0, &from, &count), HTTP_RANGE_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),  cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_forms),  cmocka_unit_test(test_queries),
        cmocka_unit_test(test_ranges), cmocka_unit_test(test_empty_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
