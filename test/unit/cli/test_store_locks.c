/* test_store_locks.c: what opens a store can be changed; then nothing else does, and no file has what did. */
#include "test/unit/cli/kept.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t keys[2][VAULT_KEY] = { { 1 }, { 2 } };

static struct bytes key_of(int which)
{
    return bytes_of(keys[which], VAULT_KEY);
}

static enum err try_key(struct place *p, struct store_key key)
{
    struct str why = STR_NONE, value = STR_NONE;
    struct store *s = NULL;
    enum err e = store_unlock(p->data, &key, &chance, &s, &why, &p->arena);

    if (e == ERR_NONE) {
        assert_int_equal(store_setting(s, "jid", &p->arena, &value), ERR_NONE);
        check_str("setting", value, "a@b.example");
    }
    store_close(s);
    assert_true(e == ERR_NONE || why.n > 10);
    return e;
}

static enum err try_passphrase(struct place *p, const char *passphrase)
{
    return try_key(p, (struct store_key){ .passphrase = str_from(passphrase) });
}

static enum err try_keyring(struct place *p, int which)
{
    return try_key(p, (struct store_key){ .keyring = key_of(which) });
}

static struct store_locks look(struct place *p)
{
    struct store_locks locks;
    struct str why;

    assert_int_equal(store_look(p->data, &locks, &why, &p->arena), ERR_NONE);
    return locks;
}

static struct store *made(struct place *p, const char *passphrase)
{
    struct store *s = open_store(p, passphrase);

    assert_int_equal(store_set(s, "jid", STR("a@b.example")), ERR_NONE);
    return s;
}

static void change(struct place *p, struct store *s, const char *passphrase, enum err want)
{
    struct str why = STR_NONE;

    check_err(passphrase, store_set_passphrase(s, str_from(passphrase), &why, &p->arena), want);
    assert_true(want == ERR_NONE || why.n > 10);
}

static struct bytes record_of(struct place *p)
{
    sqlite3_stmt *q = NULL;
    struct bytes out;
    sqlite3 *db;
    char path[128];

    snprintf(path, sizeof path, "%s/sotto.db", p->data);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT record FROM vault", -1, &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    out = arena_bytes(&p->arena,
                      bytes_of(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0)));
    sqlite3_finalize(q);
    sqlite3_close(db);
    return out;
}

/* Its end, which is the sealed key. */
static bool files_have(struct place *p, struct bytes record)
{
    static const char *const files[] = { "sotto.db", "sotto.db-wal" };
    enum { ALL = 1 << 20, PIECE = 48 };
    uint8_t *all = (uint8_t *)arena_raw(&p->arena, ALL);
    bool has = false;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[128];
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", p->data, files[i]);
        if ((f = fopen(path, "rb")) == NULL)
            continue;
        has |= memmem(all, fread(all, 1, ALL, f), record.p + record.n - PIECE, PIECE) != NULL;
        fclose(f);
    }
    return has;
}

static bool has_key_file(struct place *p)
{
    struct stat about;
    char path[128];

    snprintf(path, sizeof path, "%s/key", p->data);
    return stat(path, &about) == 0 && (about.st_mode & 0777) == 0600 && about.st_size == 32;
}

static void test_change(void **state)
{
    struct place *p = *state;
    struct store *s = made(p, "one");
    struct bytes old = record_of(p);

    assert_true(files_have(p, old));
    change(p, s, "two", ERR_NONE);
    assert_false(files_have(p, old));
    assert_true(files_have(p, record_of(p)));
    assert_int_equal(store_set(s, "jid", STR("a@b.example")), ERR_NONE); /* it is still open */
    store_close(s);
    assert_int_equal(try_passphrase(p, "one"), ERR_DENIED);
    assert_int_equal(try_passphrase(p, ""), ERR_DENIED);
    assert_int_equal(try_passphrase(p, "two"), ERR_NONE);
    assert_false(has_key_file(p));
}

static void test_first(void **state)
{
    struct place *p = *state;
    struct store *s = made(p, "");

    assert_true(has_key_file(p));
    change(p, s, "", ERR_CONFLICT);
    change(p, s, "one", ERR_NONE);
    store_close(s);
    assert_false(has_key_file(p));
    assert_int_equal(look(p).state, STORE_NEEDS_PASSPHRASE);
    assert_int_equal(try_passphrase(p, "one"), ERR_NONE);
}

static void test_remove(void **state)
{
    struct place *p = *state;
    struct store *s = made(p, "one");

    assert_int_equal(store_set_keyring(s, STR("name"), key_of(0)), ERR_NONE);
    change(p, s, "", ERR_NONE);
    store_close(s);
    assert_int_equal(look(p).state, STORE_NEEDS_NOTHING);
    assert_int_equal(look(p).keyring.n, 0);
    assert_int_equal(try_passphrase(p, ""), ERR_NONE);
    assert_true(has_key_file(p));
}

/* Both open it, each by itself, and neither in the place of the other. */
static void test_keyring(void **state)
{
    struct place *p = *state;
    struct store *s = made(p, "one");

    assert_int_equal(look(p).keyring.n, 0);
    assert_int_equal(store_set_keyring(s, STR("name"), key_of(0)), ERR_NONE);
    store_close(s);
    check_str("name", look(p).keyring, "name");
    assert_int_equal(look(p).state, STORE_NEEDS_PASSPHRASE);
    assert_int_equal(try_keyring(p, 0), ERR_NONE);
    assert_int_equal(try_keyring(p, 1), ERR_DENIED);
    assert_int_equal(try_passphrase(p, "one"), ERR_NONE);
    assert_int_equal(try_passphrase(p, (const char *)keys[0]), ERR_DENIED);

    s = open_store(p, "one");
    change(p, s, "two", ERR_NONE);
    assert_int_equal(store_set_keyring(s, STR("other"), key_of(1)), ERR_NONE);
    store_close(s);
    check_str("name", look(p).keyring, "other");
    assert_int_equal(try_keyring(p, 0), ERR_DENIED);
    assert_int_equal(try_keyring(p, 1), ERR_NONE);
    assert_int_equal(try_passphrase(p, "two"), ERR_NONE);

    s = open_store(p, "two");
    assert_int_equal(store_set_keyring(s, STR_NONE, key_of(1)), ERR_NONE);
    store_close(s);
    assert_int_equal(look(p).keyring.n, 0);
    assert_int_not_equal(try_keyring(p, 1), ERR_NONE);
    assert_int_equal(try_passphrase(p, "two"), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_change),
        STORE_TEST(test_first),
        STORE_TEST(test_remove),
        STORE_TEST(test_keyring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
