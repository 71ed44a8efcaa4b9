/* test_event_line.c: lines of the event file, there and back, and what is none. */
#include "../check.h"

#include <stdio.h>

#include "server/event_line.h"

static const char *const good[] = {
    "{\"v\":1,\"seq\":7,\"t\":1767225600,\"type\":\"login\",\"reason_code\":\"credentials\","
    "\"era\":\"9d6b1f02\",\"actor\":\"52fd0a77e1c3b946\",\"net\":{\"ip24\":\"07b1a4e92c5d6f38\"},"
    "\"cli\":{\"transport\":\"tls\"}}",
    "{\"v\":1,\"t\":0,\"type\":\"stream\",\"reason_code\":\"malformed\",\"rule\":"
    "\"not-well-formed\",\"n\":12}",
    "{\"v\":1,\"t\":1,\"type\":\"call\",\"reason_code\":\"hung_up\",\"target\":"
    "\"0000000000000001\",\"net\":{\"asn\":8100,\"asn_class\":\"hosting\",\"cc\":\"us\"},"
    "\"cli\":{\"ja4\":\"t13d1516h2_8daaf6152771_b186095e22b6\",\"caps_hash\":"
    "\"ffffffffffffffff\",\"feat_order_hash\":\"00000000000000aa\",\"sasl2_agent\":"
    "\"00000000000000ab\",\"clock_skew_bucket\":-3},\"call\":{\"outcome\":\"retracted\","
    "\"ring_ms\":1200,\"media\":[\"audio\",\"video\"],\"state\":\"rings\"},\"size_bucket\":256}",
    "{\"v\":1,\"t\":1,\"type\":\"call\",\"reason_code\":\"malformed_call\",\"call\":{\"outcome\":"
    "\"undecided\",\"state\":\"proposed\"}}",
};

static void there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct arena a = { 0 };
        struct event_line l;
        struct buf out;

        buf_init(&out, EVENT_LINE_MAX);
        check_err(good[i], event_line_read(&a, str_from(good[i]), &l), ERR_NONE);
        event_line_write(&l, &out);
        check_str(good[i], buf_str(&out), good[i]);
        buf_deinit(&out);
        arena_deinit(&a);
    }
}

/* All that a line can be: as long as a line may be at most. */
static void longest_fits(void **state)
{
    static const char word[] = "0123456789012345678901234567890123456789";
    struct event_line l = {
        .seq = 1000000000000000000,
        .time_s = 1000000000000000,
        .n = 1000000000000000000,
        .reason = EVENT_CALL_MALFORMED,
        .rule = STR_INIT("0123456789012345678901234567890123456789"),
        .era = UINT32_MAX,
        .actor = UINT64_MAX,
        .target = UINT64_MAX,
        .net = { UINT64_MAX, UINT32_MAX, { word, 16 }, { word, 2 } },
        .cli = { { word, 40 }, { word, 40 }, UINT64_MAX, UINT64_MAX, UINT64_MAX, -1000 },
        .has_call = true,
        .call = { CALL_INITIATED, CALL_RETRACTED, JINGLE_AUDIO | JINGLE_VIDEO, UINT32_MAX },
        .size_bucket = event_size_bucket(UINT64_MAX),
    };
    struct event_line back;
    struct arena a = { 0 };
    struct buf out;

    (void)state;
    buf_init(&out, EVENT_LINE_MAX);
    event_line_write(&l, &out);
    assert_false(out.failed);
    check_err("longest", event_line_read(&a, buf_str(&out), &back), ERR_NONE);
    buf_deinit(&out);
    arena_deinit(&a);
}

static const struct {
    const char *line;
    enum err err;
} bad[] = {
    { "", ERR_MALFORMED },
    { "[]", ERR_MALFORMED },
    { "{}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\"}", ERR_MALFORMED },
    { "{\"t\":1,\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"type\":\"login\",\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"stream\",\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"unheard\"}", ERR_UNSUPPORTED },
    { "{\"v\":2,\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\"}", ERR_UNSUPPORTED },
    { "{\"v\":\"1\",\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"t\":-1,\"type\":\"login\",\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"t\":1.5,\"type\":\"login\",\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"t\":1,\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\"}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"jid\":\"a\"}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"n\":0}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"actor\":\"alice\"}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"actor\":\"52FD0A77E1C3B946\"}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"actor\":\"0000000000000000\"}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"rule\":\"a@b\"}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"net\":[]}", ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"net\":{\"ip\":\"::1\"}}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"net\":{\"cc\":\"usa\"}}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"call\",\"reason_code\":\"hung_up\",\"call\":{\"media\":[]}}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"call\",\"reason_code\":\"hung_up\",\"call\":{\"media\":[\"video\","
      "\"audio\"]}}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"call\",\"reason_code\":\"hung_up\",\"call\":{\"state\":\"ringing\"}}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\",\"size_bucket\":100}",
      ERR_MALFORMED },
    { "{\"t\":1,\"type\":\"login\",\"reason_code\":\"credentials\"} {}", ERR_MALFORMED },
};

static void what_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct arena a = { 0 };
        struct event_line l;

        check_err(bad[i].line, event_line_read(&a, str_from(bad[i].line), &l), bad[i].err);
        arena_deinit(&a);
    }
}

/* Whatever is cut off, what is left is no line. */
static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct str whole = str_from(good[i]);

        for (size_t n = 0; n < whole.n; n++) {
            struct arena a = { 0 };
            struct event_line l;

            check_err(good[i], event_line_read(&a, str_slice(whole, 0, n), &l), ERR_MALFORMED);
            arena_deinit(&a);
        }
    }
}

static void buckets(void **state)
{
    static const struct {
        uint64_t bytes, bucket;
    } sizes[] = { { 0, 0 },    { 1, 64 },         { 64, 64 },
                  { 65, 256 }, { 70000, 262144 }, { UINT64_MAX, 1073741824 } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        assert_int_equal(event_size_bucket(sizes[i].bytes), sizes[i].bucket);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back), cmocka_unit_test(longest_fits),
        cmocka_unit_test(what_is_none),   cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(buckets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
