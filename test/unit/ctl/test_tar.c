/* test_tar.c: headers that come back as they were written, and headers that are refused; which names a backup may
 * hold. */
#include <string.h>

#include "../check.h"
#include "ctl/backup_parts.h"
#include "ctl/tar.h"

static void test_round_trip(void **state)
{
    static const uint64_t sizes[] = {
        0, 1, 511, 512, 1 << 20, 077777777777, 0100000000000, 1ull << 40, TAR_SIZE_MAX
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const struct tar_entry e = { STR("uploads/abcdefghijklmnopqrstuvwxyz"), sizes[i],
                                     1700000000 };
        uint8_t block[TAR_BLOCK];
        struct tar_entry back;

        tar_write(&e, block);
        assert_int_equal(tar_read(block, &back), ERR_NONE);
        assert_true(str_eq(back.name, e.name));
        assert_int_equal(back.size, e.size);
        assert_int_equal((e.size + tar_padding(e.size)) % TAR_BLOCK, 0);
    }
}

/* The sum is one of unsigned octets, so every changed bit is seen, or harmless in a field that is not read. */
static void test_changed_bits(void **state)
{
    const struct tar_entry e = { STR("server.key"), 32, 0 };
    uint8_t block[TAR_BLOCK];
    struct tar_entry back;

    (void)state;
    tar_write(&e, block);
    for (size_t i = 0; i < TAR_BLOCK * 8; i++) {
        block[i / 8] ^= (uint8_t)(1 << i % 8);
        if (tar_read(block, &back) == ERR_NONE)
            assert_true(str_eq(back.name, e.name) && back.size == e.size);
        block[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    memset(block, 0, sizeof block);
    assert_int_equal(tar_read(block, &back), ERR_MISSING);
}

/* A valid sum over a header that is none of ours. */
static const struct {
    size_t at;
    const char *octets;
    size_t n;
} refused[] = {
    { 156, "1", 1 },         /* a hard link */
    { 156, "2", 1 },         /* a symbolic one */
    { 156, "5", 1 },         /* a folder */
    { 156, "x", 1 },         /* an extension (pax) */
    { 156, "L", 1 },         /* an extension (GNU) */
    { 156, "", 1 },          /* before POSIX */
    { 157, "elsewhere", 9 }, /* the target of a link */
    { 345, "elsewhere", 9 }, /* a prefix to the name */
    { 257, "notar", 5 },
    { 0, "", 1 }, /* no name */
    { 0, "a b", 3 },
    { 0, "a\nb", 3 },
    { 0, "a\0b", 3 },
    { 0, "\xc3\xa4", 2 },
    { 124, "           ", 11 }, /* no size */
    { 124, "00000000008", 11 },
    { 124, "-0000000001", 11 },
    { 124, "000000000011", 12 },  /* without an end */
    { 124, "\xff", 1 },           /* negative */
    { 124, "\x80\0\0\0\xff", 5 }, /* 2^62 and more */
};

static void set_sum(uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;

    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    for (size_t i = 6; i-- > 0; sum /= 8)
        block[148 + i] = (uint8_t)('0' + sum % 8);
    block[154] = 0;
}

static void test_refused(void **state)
{
    const struct tar_entry e = { STR("server.key"), 32, 0 };
    uint8_t block[TAR_BLOCK];
    struct tar_entry back;

    (void)state;
    tar_write(&e, block);
    set_sum(block);
    assert_int_equal(tar_read(block, &back), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tar_write(&e, block);
        memcpy(block + refused[i].at, refused[i].octets, refused[i].n);
        set_sum(block);
        if (tar_read(block, &back) != ERR_MALFORMED)
            fail_msg("row %zu", i);
    }
}

static const struct {
    const char *path;
    uint64_t size;
    bool known;
    const char *folder, *name;
} names[] = {
    { "sotto.db", 4096, true, "", "sotto.db" },
    { "sotto.db", 0, false, NULL, NULL },
    { "server.key", 32, true, "", "server.key" },
    { "server.key", 33, false, NULL, NULL },
    { "tls/key.pem", 200, true, "tls", "key.pem" },
    { "tls/key.pem", PART_PEM_MAX + 1, false, NULL, NULL },
    { "tls/certificate.pem", 200, true, "tls", "certificate.pem" },
    { "tls/other.pem", 200, false, NULL, NULL },
    { "tls/", 1, false, NULL, NULL },
    { "key.pem", 200, false, NULL, NULL },
    { "uploads/abcdefghijklmnopqrstuvwxyz", 0, true, "uploads", "abcdefghijklmnopqrstuvwxyz" },
    { "uploads/abcdefghijklmnopqrstuvwxy", 1, false, NULL, NULL },
    { "uploads/abcdefghijklmnopqrstuvwxy1", 1, false, NULL, NULL },
    { "uploads/../abcdefghijklmnopqrstuvw", 1, false, NULL, NULL },
    { "uploads//abcdefghijklmnopqrstuvwxyz", 1, false, NULL, NULL },
    { "/uploads/abcdefghijklmnopqrstuvwxyz", 1, false, NULL, NULL },
    { "./sotto.db", 4096, false, NULL, NULL },
    { "../sotto.db", 4096, false, NULL, NULL },
    { "lock", 0, false, NULL, NULL },
    { "control.sock", 0, false, NULL, NULL },
    { "", 1, false, NULL, NULL },
};

static void test_names(void **state)
{
    struct part part;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (part_of(str_from(names[i].path), names[i].size, &part) != names[i].known)
            fail_msg("%s", names[i].path);
        if (names[i].known)
            assert_true(str_is(part.folder, names[i].folder) && str_is(part.name, names[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_changed_bits),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
