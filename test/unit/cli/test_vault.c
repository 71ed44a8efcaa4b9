/* test_vault.c: what opens a store and what does not; what a row can be moved to and what not. */
#include "test/unit/check.h"

#include <string.h>

#include "cli/vault.h"
#include "client/record.h"
#include "crypto/cipher.h"
#include "crypto/kdf.h"

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

struct made {
    uint8_t next;
    struct random random;
    struct vault vault;
    struct buf record;
};

static void make(struct made *m, enum vault_lock lock, const char *secret)
{
    m->next = 0;
    m->random = (struct random){ fill, &m->next };
    buf_init(&m->record, VAULT_RECORD_MAX);
    vault_make(&m->vault, &m->random);
    assert_int_equal(vault_wrap(&m->vault, lock, text(secret), &m->random, &m->record), ERR_NONE);
}

static void drop(struct made *m)
{
    vault_close(&m->vault);
    buf_deinit(&m->record);
}

static void test_secrets(void **state)
{
    static const enum vault_lock locks[] = { VAULT_PASSPHRASE, VAULT_KEY_FILE, VAULT_KEYRING };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(locks); i++) {
        struct vault again = { 0 }, other = { 0 };
        enum vault_lock lock;
        struct made m;

        make(&m, locks[i], "correct horse");
        assert_int_equal(vault_lock_of(buf_bytes(&m.record), &lock), ERR_NONE);
        assert_int_equal(lock, locks[i]);
        assert_int_equal(vault_open(&again, buf_bytes(&m.record), text("correct horse")), ERR_NONE);
        assert_memory_equal(&again, &m.vault, sizeof again);
        assert_int_equal(vault_open(&other, buf_bytes(&m.record), text("correct horsf")),
                         ERR_DENIED);
        assert_int_equal(vault_open(&other, buf_bytes(&m.record), text("")), ERR_DENIED);
        drop(&m);
    }
}

/* A record as older versions wrote it, octet by octet, at a cost of its own; the master key is all sevens. */
static void record_at(struct argon2_cost cost, const char *passphrase, struct buf *out)
{
    uint8_t key[VAULT_KEY], master[VAULT_KEY], wrapped[VAULT_KEY + XCHACHA_TAG_SIZE];
    static const uint8_t salt[ARGON2_SALT_SIZE] = { 1, 2, 3 }, nonce[XCHACHA_NONCE_SIZE] = { 4 };

    memset(master, 7, sizeof master);
    buf_init(out, VAULT_RECORD_MAX);
    record_u8(out, 1);
    record_u8(out, VAULT_PASSPHRASE);
    buf_add_bytes(out, bytes_of(salt, sizeof salt));
    record_u32(out, cost.passes);
    record_u32(out, cost.memory_kib);
    buf_add_bytes(out, bytes_of(nonce, sizeof nonce));
    if (!argon2_cost_allowed(cost))
        return;
    assert_int_equal(argon2id(text(passphrase), salt, cost, key, sizeof key), ERR_NONE);
    xchacha_seal(key, nonce, buf_bytes(out), bytes_of(master, sizeof master), wrapped);
    buf_add_bytes(out, bytes_of(wrapped, sizeof wrapped));
}

/* New records cost 256 MiB and three passes; one that asks for less, as they once did, opens; one that asks for what no machine has,
 * or for less than Argon2 is defined for, is none. */
static void test_costs(void **state)
{
    static const struct {
        struct argon2_cost cost;
        enum err err;
        unsigned mib;
    } cases[] = {
        { { 3, 64 * 1024 }, ERR_NONE, 64 },
        { { 1, 8 }, ERR_NONE, 0 },
        { { 0, 64 * 1024 }, ERR_MALFORMED, 0 },
        { { 17, 64 * 1024 }, ERR_MALFORMED, 0 },
        { { 3, 0 }, ERR_MALFORMED, 0 },
        { { 3, 7 }, ERR_MALFORMED, 0 },
        { { 3, 1024 * 1024 + 1 }, ERR_MALFORMED, 0 },
        { { 3, UINT32_MAX }, ERR_MALFORMED, 0 },
    };
    struct made m;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct vault v = { 0 };
        struct buf record;

        record_at(cases[i].cost, "correct horse", &record);
        check_err("cost", vault_open(&v, buf_bytes(&record), text("correct horse")), cases[i].err);
        assert_int_equal(vault_memory_mib(buf_bytes(&record)), cases[i].mib);
        assert_int_equal(v.master[VAULT_KEY - 1], cases[i].err == ERR_NONE ? 7 : 0);
        buf_deinit(&record);
    }
    make(&m, VAULT_PASSPHRASE, "correct horse");
    assert_int_equal(vault_memory_mib(buf_bytes(&m.record)), 256);
    drop(&m);
}

/* Every octet of a record counts; every shorter one is none. The lock with the key file, which costs nothing to try. */
static void test_tampered(void **state)
{
    struct vault v = { 0 };
    struct made m;

    (void)state;
    make(&m, VAULT_KEY_FILE, "file");
    for (size_t i = 0; i < m.record.n; i++) {
        m.record.p[i] ^= 0x40;
        assert_int_not_equal(vault_open(&v, buf_bytes(&m.record), text("file")), ERR_NONE);
        m.record.p[i] ^= 0x40;
        assert_int_not_equal(vault_open(&v, bytes_of(m.record.p, i), text("file")), ERR_NONE);
    }
    assert_int_equal(vault_open(&v, buf_bytes(&m.record), text("file")), ERR_NONE);
    drop(&m);
}

static void test_rows(void **state)
{
    static const struct {
        uint8_t table;
        const char *place;
        enum err err;
    } cases[] = { { 2, "here", ERR_NONE },
                  { 3, "here", ERR_DENIED },
                  { 2, "there", ERR_DENIED },
                  { 2, "", ERR_DENIED } };
    struct arena a = { 0 };
    struct bytes sealed, again, plain;
    struct made m;

    (void)state;
    make(&m, VAULT_KEY_FILE, "file");
    sealed = vault_seal(m.vault.values, &m.random, &a, 2, text("here"), text("words"));
    again = vault_seal(m.vault.values, &m.random, &a, 2, text("here"), text("words"));
    assert_memory_not_equal(sealed.p, again.p, sealed.n); /* a nonce of its own */
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum err e =
            vault_unseal(m.vault.values, &a, cases[i].table, text(cases[i].place), sealed, &plain);

        check_err(cases[i].place, e, cases[i].err);
        if (e == ERR_NONE)
            check_str("plain", str_of_bytes(plain), "words");
    }
    for (size_t n = 0; n < sealed.n; n++)
        assert_int_equal(
            vault_unseal(m.vault.values, &a, 2, text("here"), bytes_of(sealed.p, n), &plain),
            ERR_DENIED);
    arena_deinit(&a);
    drop(&m);
}

static void test_lookups(void **state)
{
    uint8_t one[VAULT_LOOKUP], two[VAULT_LOOKUP];
    struct vault other = { 0 };
    struct made m;

    (void)state;
    make(&m, VAULT_KEY_FILE, "file");
    vault_lookup(&m.vault, 1, text("alice"), one);
    vault_lookup(&m.vault, 1, text("alice"), two);
    assert_memory_equal(one, two, sizeof one);
    vault_lookup(&m.vault, 2, text("alice"), two);
    assert_memory_not_equal(one, two, sizeof one);
    vault_lookup(&m.vault, 1, text("alicf"), two);
    assert_memory_not_equal(one, two, sizeof one);
    vault_lookup(&other, 1, text("alice"), two);
    assert_memory_not_equal(one, two, sizeof one);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets),  cmocka_unit_test(test_costs),
        cmocka_unit_test(test_tampered), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_lookups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
