/* test_datetime.c: the profiles of XEP-0082 and the calendar under them. */
#include "test/unit/check.h"

#include "base/datetime.h"

static const struct {
    uint64_t ms;
    const char *text;
} written[] = {
    { 0, "1970-01-01T00:00:00.000Z" },
    { 999, "1970-01-01T00:00:00.999Z" },
    { 951782400000, "2000-02-29T00:00:00.000Z" },
    { 1012608000000, "2002-02-02T00:00:00.000Z" },
    { 1078012799001, "2004-02-28T23:59:59.001Z" },
    { 4107542400000, "2100-03-01T00:00:00.000Z" }, /* no leap year */
    { 253402300799999, "9999-12-31T23:59:59.999Z" },
};

static void times_are_written_and_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        struct arena a = { 0 };
        struct str text = datetime_text(&a, written[i].ms);
        uint64_t ms = 1;

        check_str("text", text, written[i].text);
        check_err(written[i].text, datetime_read(text, &ms), ERR_NONE);
        assert_true(ms == written[i].ms);
        arena_deinit(&a);
    }
}

/* Every day of four centuries, at an odd time. */
static void days_follow_each_other(void **state)
{
    enum { DAYS = 146097 };

    (void)state;
    for (uint64_t day = 0; day < DAYS; day += 7) {
        uint64_t at = day * 86400000 + day % 86400000, ms = 0;
        struct arena a = { 0 };

        assert_int_equal(datetime_read(datetime_text(&a, at), &ms), ERR_NONE);
        assert_true(ms == at);
        arena_deinit(&a);
    }
}

static const struct {
    const char *text;
    enum err err;
    uint64_t ms;
} read[] = {
    { "2002-09-10T23:08:25Z", ERR_NONE, 1031699305000 }, /* XEP-0203, example 1 */
    { "1969-12-31T19:00:00-05:00", ERR_NONE, 0 },
    { "1970-01-01T14:00:00+14:00", ERR_NONE, 0 },
    { "2010-07-10T23:08:25+05:30", ERR_NONE, 1278783505000 },
    { "2010-07-10T23:08:25.1Z", ERR_NONE, 1278803305100 },
    { "2010-07-10T23:08:25.123456789Z", ERR_NONE, 1278803305123 },
    { "2010-07-10T23:08:25.9999Z", ERR_NONE, 1278803305999 },
    { "2016-12-31T23:59:60Z", ERR_NONE, 1483228800000 }, /* leap second */
    { "2000-02-29T00:00:00Z", ERR_NONE, 951782400000 },
    { "1969-07-21T02:56:15Z", ERR_MALFORMED, 0 }, /* before our time begins */
    { "1970-01-01T00:00:00+00:01", ERR_MALFORMED, 0 },
    { "", ERR_MALFORMED, 0 },
    { "2002-09-10", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25z", ERR_MALFORMED, 0 },
    { "2002-09-10 23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25.Z", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08Z", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25Z ", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25+0500", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25+15:00", ERR_MALFORMED, 0 },
    { "2002-09-10T23:08:25+05:60", ERR_MALFORMED, 0 },
    { "2002-9-10T23:08:25Z", ERR_MALFORMED, 0 },
    { "20020910T23:08:25", ERR_MALFORMED, 0 },
    { "+002-09-10T23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-00-10T23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-13-10T23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-09-00T23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-09-31T23:08:25Z", ERR_MALFORMED, 0 },
    { "2001-02-29T23:08:25Z", ERR_MALFORMED, 0 },
    { "2100-02-29T23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-12-32T23:08:25Z", ERR_MALFORMED, 0 },
    { "2002-12-31T24:00:00Z", ERR_MALFORMED, 0 },
    { "2002-12-31T23:60:00Z", ERR_MALFORMED, 0 },
    { "2002-12-31T23:00:61Z", ERR_MALFORMED, 0 },
};

static void times_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(read); i++) {
        uint64_t ms = 0;

        check_err(read[i].text, datetime_read(str_from(read[i].text), &ms), read[i].err);
        if (ms != read[i].ms)
            fail_msg("%s: %llu", read[i].text, (unsigned long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_and_read_back),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
