/* test_entry.c: entries as records: what was stored once stays readable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/entry.h"
#include "client/record.h"

static const struct entry full = {
    .kind = ENTRY_CORRECTION,
    .outgoing = true,
    .encryption = ENCRYPTION_OMEMO_2,
    .trust = ENTRY_TRUST_VERIFIED,
    .time_ms = 1700000000123,
    .said_ms = 1699000000123,
    .device = 77,
    .expires_s = 3600,
    .chat = STR_INIT("bob@sotto.test"),
    .author = STR_INIT("alice@sotto.test"),
    .id = STR_INIT("id"),
    .archive_id = STR_INIT("in the archive"),
    .target = STR_INIT("target"),
    .text = STR_INIT("text"),
    .attachment = STR_INIT("attachment"),
    .quote = STR_INIT("quote"),
};

static void assert_same(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->outgoing, b->outgoing);
    assert_int_equal(a->encryption, b->encryption);
    assert_int_equal(a->trust, b->trust);
    assert_true(a->time_ms == b->time_ms && a->said_ms == b->said_ms);
    assert_int_equal(a->device, b->device);
    assert_int_equal(a->expires_s, b->expires_s);
    assert_true(str_eq(a->chat, b->chat) && str_eq(a->author, b->author) && str_eq(a->id, b->id));
    assert_true(str_eq(a->archive_id, b->archive_id) && str_eq(a->target, b->target));
    assert_true(str_eq(a->text, b->text) && str_eq(a->attachment, b->attachment));
    assert_true(str_eq(a->quote, b->quote));
}

static void round_trip(void **state)
{
    struct buf record;
    struct entry back;

    (void)state;
    buf_init(&record, 4096);
    entry_write(&record, &full);
    assert_int_equal(entry_read(buf_bytes(&record), &back), ERR_NONE);
    assert_same(&back, &full);
    for (size_t n = 0; n < record.n; n++)
        assert_int_equal(entry_read(bytes_of(record.p, n), &back), ERR_MALFORMED);
    buf_add_char(&record, 0);
    assert_int_equal(entry_read(buf_bytes(&record), &back), ERR_MALFORMED);
    buf_deinit(&record);
}

/* What has no other time is written so that programs of before can read it. */
static void second_format(void **state)
{
    struct entry back, without = full;
    struct buf record;

    (void)state;
    without.said_ms = 0;
    buf_init(&record, 4096);
    entry_write(&record, &without);
    assert_int_equal(record.p[0], 2);
    assert_int_equal(entry_read(buf_bytes(&record), &back), ERR_NONE);
    assert_same(&back, &without);
    buf_deinit(&record);
}

/* As stores had them before there were timers, attachments and quotes. */
static void first_format(void **state)
{
    struct entry back, expected = full;
    struct buf record;

    (void)state;
    buf_init(&record, 4096);
    record_u8(&record, 1);
    record_u8(&record, ENTRY_CORRECTION);
    record_u8(&record, 1);
    record_u8(&record, ENCRYPTION_OMEMO_2);
    record_u8(&record, ENTRY_TRUST_VERIFIED);
    record_u64(&record, 1700000000123);
    record_u32(&record, 77);
    record_text(&record, STR("bob@sotto.test"));
    record_text(&record, STR("alice@sotto.test"));
    record_text(&record, STR("id"));
    record_text(&record, STR("in the archive"));
    record_text(&record, STR("target"));
    record_text(&record, STR("text"));
    expected.expires_s = 0;
    expected.said_ms = 0;
    expected.attachment = expected.quote = STR_NONE;
    assert_int_equal(entry_read(buf_bytes(&record), &back), ERR_NONE);
    assert_same(&back, &expected);
    buf_deinit(&record);
}

static void refuses(void **state)
{
    static const struct {
        size_t at;
        uint8_t octet;
    } cases[] = { { 0, 0 }, { 0, 4 }, { 1, 0 }, { 1, ENTRY_DEVICE + 1 }, { 1, 255 } };
    struct buf record;
    struct entry back;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_init(&record, 4096);
        entry_write(&record, &full);
        record.p[cases[i].at] = (char)cases[i].octet;
        assert_int_equal(entry_read(buf_bytes(&record), &back), ERR_MALFORMED);
        buf_deinit(&record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(second_format),
        cmocka_unit_test(first_format),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
