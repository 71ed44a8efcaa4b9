/* test_backup.c: what is put into a backup comes out; what was altered, cut or put behind it does not. */
#include "test/unit/check.h"

#include <string.h>

#include "client/backup.h"
#include "client/recovery_code.h"

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (*next)++;
}

static struct bytes text(const char *s)
{
    return bytes_of_str(str_from(s));
}

/* ---- A file in memory ---------------------------------------------------------------------------- */

static void drain(struct backup_writer *w, struct buf *out)
{
    uint8_t *chunk = mem_alloc(BACKUP_SEALED_CHUNK);

    while (backup_chunk(w, chunk))
        buf_add_bytes(out, bytes_of(chunk, BACKUP_SEALED_CHUNK));
    mem_free(chunk);
}

/* `n` records of `octets` octets each, under the code "key". */
static struct buf make(size_t n, size_t octets)
{
    uint8_t next = 0;
    const struct random random = { fill, &next };
    struct backup_header h;
    struct backup_writer w;
    struct buf out;
    char *value = mem_alloc(octets + 1);

    memset(value, 'x', octets);
    buf_init(&out, 64 << 20);
    backup_header_make(&h, BACKUP_CODE, &random);
    backup_begin(&w, &h, text("key"));
    buf_add_bytes(&out, bytes_of(w.header, BACKUP_HEADER));
    for (size_t i = 0; i < n; i++) {
        struct backup_record r = { .kind = BACKUP_ENTRY,
                                   .table = 7,
                                   .number = i,
                                   .key = text("place"),
                                   .value = bytes_of(value, octets) };

        assert_int_equal(backup_put(&w, &r), ERR_NONE);
        drain(&w, &out);
    }
    backup_end(&w);
    drain(&w, &out);
    backup_writer_deinit(&w);
    mem_free(value);
    return out;
}

struct read_result {
    enum err opened, fed;
    size_t records, left; /* octets after the last whole chunk */
    bool complete;
};

static struct read_result read_all(struct bytes file, const char *key, size_t octets)
{
    struct read_result out = { 0 };
    struct backup_reader r;
    struct backup_record record;
    struct bytes header = bytes_of(file.p, file.n < BACKUP_HEADER ? file.n : BACKUP_HEADER);
    size_t at = BACKUP_HEADER;

    out.opened = backup_open(&r, header, text(key));
    while (out.opened == ERR_NONE && out.fed == ERR_NONE && at + BACKUP_SEALED_CHUNK <= file.n) {
        out.fed = backup_feed(&r, file.p + at);
        at += BACKUP_SEALED_CHUNK;
        while (out.fed == ERR_NONE && backup_next(&r, &record) == ERR_NONE) {
            assert_int_equal(record.kind, BACKUP_ENTRY);
            assert_int_equal(record.table, 7);
            assert_int_equal(record.number, out.records++);
            check_str("key", str_of_bytes(record.key), "place");
            assert_int_equal(record.value.n, octets);
            assert_true(octets == 0 || record.value.p[octets - 1] == 'x');
        }
    }
    out.left = file.n > at ? file.n - at : 0;
    out.complete = out.opened == ERR_NONE && backup_complete(&r);
    backup_reader_deinit(&r);
    return out;
}

static void test_round(void **state)
{
    static const struct {
        size_t records, octets, chunks;
    } cases[] = {
        { 0, 0, 16 },           { 1, 0, 16 },        { 3, 100, 16 },
        { 1, 1 << 20, 17 + 1 }, /* 16 and a little: 17, which is of the class of 18 */
        { 40, 60000, 40 },      { 2, 4000000, 128 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf file = make(cases[i].records, cases[i].octets);
        struct read_result got = read_all(buf_bytes(&file), "key", cases[i].octets);

        assert_int_equal(got.opened, ERR_NONE);
        assert_int_equal(got.fed, ERR_NONE);
        assert_int_equal(got.records, cases[i].records);
        assert_true(got.complete && got.left == 0);
        assert_int_equal(file.n, BACKUP_HEADER + cases[i].chunks * BACKUP_SEALED_CHUNK);
        buf_deinit(&file);
    }
}

static void test_padded(void **state)
{
    static const struct {
        uint64_t chunks, padded;
    } cases[] = { { 0, 16 },    { 16, 16 },   { 17, 18 },     { 31, 32 },    { 33, 36 },
                  { 100, 104 }, { 128, 128 }, { 1000, 1024 }, { 1025, 1088 } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(backup_padded(cases[i].chunks), cases[i].padded);
    for (uint64_t n = 17; n < 100000; n += 7)
        assert_true(backup_padded(n) >= n && backup_padded(n) * 100 <= n * 112);
}

/* ---- What is wrong ------------------------------------------------------------------------------- */

static void test_wrong_key(void **state)
{
    struct buf file = make(1, 10);

    (void)state;
    assert_int_equal(read_all(buf_bytes(&file), "kez", 10).opened, ERR_DENIED);
    assert_int_equal(read_all(buf_bytes(&file), "", 10).opened, ERR_DENIED);
    buf_deinit(&file);
}

static void test_header(void **state)
{
    struct buf file = make(1, 10);
    struct backup_header h;

    (void)state;
    for (size_t i = 0; i < BACKUP_HEADER; i++) {
        enum err e;

        file.p[i] ^= 0x40;
        e = read_all(buf_bytes(&file), "key", 10).opened;
        file.p[i] ^= 0x40;
        /* The proof alone cannot be told from another key; a version above ours is named as such. */
        assert_int_equal(e, i >= BACKUP_HEADER - 16 ? ERR_DENIED
                            : i == 8                ? ERR_UNSUPPORTED
                                                    : ERR_MALFORMED);
        assert_int_equal(backup_header_read(bytes_of(file.p, i), &h), ERR_MALFORMED);
    }
    buf_deinit(&file);
}

static void test_altered(void **state)
{
    struct buf file = make(40, 60000);
    size_t third = BACKUP_HEADER + 2 * (size_t)BACKUP_SEALED_CHUNK;
    struct read_result got;

    (void)state;
    for (size_t at = third; at < third + BACKUP_SEALED_CHUNK; at += 4099) {
        file.p[at] ^= 1;
        got = read_all(buf_bytes(&file), "key", 60000);
        file.p[at] ^= 1;
        assert_true(got.fed == ERR_DENIED && !got.complete && got.records < 40);
    }
    /* Two chunks exchanged. */
    for (size_t i = 0; i < BACKUP_SEALED_CHUNK; i++) {
        char c = file.p[third + i];

        file.p[third + i] = file.p[third + BACKUP_SEALED_CHUNK + i];
        file.p[third + BACKUP_SEALED_CHUNK + i] = c;
    }
    assert_int_equal(read_all(buf_bytes(&file), "key", 60000).fed, ERR_DENIED);
    buf_deinit(&file);
}

static void test_cut(void **state)
{
    struct buf file = make(40, 60000);
    struct read_result got;

    (void)state;
    for (size_t chunks = 0; chunks < 40; chunks++) {
        got =
            read_all(bytes_of(file.p, BACKUP_HEADER + chunks * BACKUP_SEALED_CHUNK), "key", 60000);
        assert_true(got.opened == ERR_NONE && got.fed == ERR_NONE && !got.complete);
    }
    got = read_all(bytes_of(file.p, file.n - 1), "key", 60000);
    assert_true(!got.complete && got.left == BACKUP_SEALED_CHUNK - 1);
    buf_add_bytes(&file, bytes_of(file.p + BACKUP_HEADER, BACKUP_SEALED_CHUNK));
    assert_int_equal(read_all(buf_bytes(&file), "key", 60000).fed, ERR_MALFORMED);
    buf_deinit(&file);
}

static void test_too_big(void **state)
{
    uint8_t next = 0;
    const struct random random = { fill, &next };
    struct backup_record r = { .kind = BACKUP_ENTRY, .value = { NULL, BACKUP_RECORD_MAX } };
    struct backup_header h;
    struct backup_writer w;

    (void)state;
    backup_header_make(&h, BACKUP_PASSPHRASE, &random);
    assert_int_equal(h.cost.memory_kib, 256 * 1024);
    backup_begin(&w, &h, text("key"));
    assert_int_equal(backup_put(&w, &r), ERR_TOO_BIG);
    backup_writer_deinit(&w);
}

/* ---- Recovery codes ------------------------------------------------------------------------------ */

static const uint8_t code[RECOVERY_CODE_OCTETS] = {
    0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65, 0x3a, 0x56, 0xd7, 0xc6
};

static bool reads(const char *s, size_t n)
{
    uint8_t out[RECOVERY_CODE_OCTETS];

    return recovery_code_read((struct str){ s, n }, out) == ERR_NONE
           && memcmp(out, code, sizeof code) == 0;
}

static void test_code(void **state)
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ?";
    struct arena a = { 0 };
    struct str written = recovery_code_text(&a, code);
    char s[64];

    (void)state;
    assert_int_equal(written.n, 35);
    /* The first 25 symbols are those of the octets alone: 0 1 2 … in order. */
    check_str("groups", str_slice(written, 0, 30), "01234-56789-ABCDE-FGHJK-MNPQR-");
    assert_true(reads(written.p, written.n));
    for (size_t at = 0; at < 35; at++)
        for (size_t i = 0; i < sizeof letters - 1; i++) { /* any one character wrong */
            memcpy(s, written.p, 35);
            if (s[at] == '-')
                continue;
            s[at] = letters[i];
            assert_true(reads(s, 35));
        }
    for (size_t at = 0; at + 1 < 35; at++) { /* any two neighbours exchanged */
        memcpy(s, written.p, 35);
        s[at] = written.p[at + 1];
        s[at + 1] = written.p[at];
        assert_true(reads(s, 35));
    }
    arena_deinit(&a);
}

static void test_code_as_typed(void **state)
{
    struct arena a = { 0 };
    struct str written = recovery_code_text(&a, code);
    char s[64];

    (void)state;
    memcpy(s, written.p, 35);
    s[0] = 'o';
    s[1] = 'l';
    for (size_t i = 2; i < 35; i++)
        s[i] = (char)(s[i] == '-' ? ' ' : s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
    assert_true(reads(s, 35));
    assert_false(reads(s, 34));
    memcpy(s, "98765", 5);
    assert_false(reads(s, 35)); /* more than one is wrong */
    memcpy(s, written.p, 35);
    s[35] = 'A';
    assert_false(reads(s, 36));
    assert_false(reads("", 0));
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),         cmocka_unit_test(test_padded),
        cmocka_unit_test(test_wrong_key),     cmocka_unit_test(test_header),
        cmocka_unit_test(test_altered),       cmocka_unit_test(test_cut),
        cmocka_unit_test(test_too_big),       cmocka_unit_test(test_code),
        cmocka_unit_test(test_code_as_typed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
