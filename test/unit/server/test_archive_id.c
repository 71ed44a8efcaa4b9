/* test_archive_id.c: ids of archived messages (XEP-0359): the same for ever, and only their account's. */
#include "test/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "server/module.h"

static const struct settings ours = { .secret = "one server's secret" };
static const struct settings theirs = { .secret = "another server's" };

static const uint64_t seqs[] = { 1,         2,          255,
                                 256,       UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                                 INT64_MAX, UINT64_MAX };

static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(seqs); i++) {
        struct arena a = { 0 };
        struct str id = archive_id(&ours, &a, 7, SHELF_ARCHIVE, seqs[i]);
        uint64_t seq = 0;

        assert_true(archive_id_read(&ours, id, 7, SHELF_ARCHIVE, &seq));
        assert_true(seq == seqs[i]);
        assert_true(str_eq(id, archive_id(&ours, &a, 7, SHELF_ARCHIVE, seqs[i])));
        arena_deinit(&a);
    }
}

static void test_not_elsewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(seqs); i++) {
        struct arena a = { 0 };
        struct str id = archive_id(&ours, &a, 7, SHELF_ARCHIVE, seqs[i]);
        uint64_t seq = 42;

        assert_false(archive_id_read(&ours, id, 8, SHELF_ARCHIVE, &seq));
        assert_false(archive_id_read(&ours, id, 7, SHELF_REQUESTS, &seq));
        assert_false(archive_id_read(&theirs, id, 7, SHELF_ARCHIVE, &seq));
        assert_int_equal(seq, 42);
        arena_deinit(&a);
    }
}

/* Every other character in every place: the last one has bits that base32 does not need. */
static void test_not_altered(void **state)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567ABCZ018=- ";
    struct arena a = { 0 };
    struct str id = archive_id(&ours, &a, 7, SHELF_ARCHIVE, 1000);
    char text[64];
    uint64_t seq;

    (void)state;
    for (size_t at = 0; at < id.n; at++) {
        for (const char *c = alphabet; *c != '\0'; c++) {
            memcpy(text, id.p, id.n);
            text[at] = *c;
            if (*c != id.p[at])
                assert_false(
                    archive_id_read(&ours, (struct str){ text, id.n }, 7, SHELF_ARCHIVE, &seq));
        }
        assert_false(archive_id_read(&ours, str_slice(id, 0, at), 7, SHELF_ARCHIVE, &seq));
    }
    memcpy(text, id.p, id.n);
    text[id.n] = 'a';
    assert_false(archive_id_read(&ours, (struct str){ text, id.n + 1 }, 7, SHELF_ARCHIVE, &seq));
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_not_elsewhere),
        cmocka_unit_test(test_not_altered),
    };

    return cmocka_run_group_tests_name("archive_id", tests, NULL, NULL);
}
