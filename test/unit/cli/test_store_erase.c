/* test_store_erase.c: what is erased is in no file, not even for who has all keys. */
#include "test/unit/cli/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/record.h"

/* One entry as its row has it, and what opens it. */
struct sealed {
    uint8_t key[VAULT_KEY];
    struct bytes place, value;
};

static struct sealed find_sealed(struct place *p, const char *passphrase, uint64_t number)
{
    struct vault vault = { 0 };
    sqlite3 *db = open_inside(p, passphrase, &vault);
    struct sealed out = { { 0 }, { NULL, 0 }, { NULL, 0 } };
    struct bytes column[4], key;
    sqlite3_stmt *q = NULL;

    sqlite3_prepare_v2(db,
                       "SELECT chat, at, value, key FROM timeline JOIN chat ON chat = lookup"
                       " WHERE number = ?",
                       -1, &q, NULL);
    sqlite3_bind_int64(q, 1, (int64_t)number);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    for (int i = 0; i < 4; i++)
        column[i] = arena_bytes(
            &p->arena, bytes_of(sqlite3_column_blob(q, i), (size_t)sqlite3_column_bytes(q, i)));
    assert_int_equal(
        vault_unseal(vault.values, &p->arena, 201 /* of the store */, column[0], column[3], &key),
        ERR_NONE);
    memcpy(out.key, key.p, VAULT_KEY);
    out.place =
        bytes_of_str(arena_concat(&p->arena, str_of_bytes(column[0]), str_of_bytes(column[1])));
    out.value = column[2];
    sqlite3_finalize(q);
    sqlite3_close(db);
    vault_close(&vault);
    return out;
}

/* Whether a file has it anywhere: as it was sealed, or a piece of that, or at any octet something that its key opens. */
static bool file_has(const char *path, const struct sealed *what)
{
    enum { ALL = 1 << 22, PIECE = 24 };
    struct arena a = { 0 };
    uint8_t *all = (uint8_t *)arena_raw(&a, ALL);
    FILE *f = fopen(path, "rb");
    size_t n = f != NULL ? fread(all, 1, ALL, f) : 0;
    bool has = false;

    for (size_t i = 0; i + PIECE <= what->value.n && !has; i += PIECE)
        has = memmem(all, n, what->value.p + i, PIECE) != NULL;
    for (size_t i = 0; i + what->value.n <= n && !has; i++) {
        struct arena scratch = { 0 };
        struct bytes plain;

        has = vault_unseal(what->key, &scratch, BOOK_TIMELINE, what->place,
                           bytes_of(all + i, what->value.n), &plain)
              == ERR_NONE;
        arena_deinit(&scratch);
    }
    if (f != NULL)
        fclose(f);
    arena_deinit(&a);
    return has;
}

static bool any_file_has(struct place *p, const struct sealed *what)
{
    static const char *const files[] = { "sotto.db", "sotto.db-wal", "sotto.db-shm",
                                         "sotto.db-journal" };
    char path[128];
    bool has = false;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", p->data, files[i]);
        has |= file_has(path, what);
    }
    return has;
}

static void erase(struct book *b, uint64_t time_ms)
{
    struct buf key;

    buf_init(&key, 64);
    record_u64(&key, time_ms);
    record_u64(&key, 0);
    book_append(b, BOOK_TIMELINE, buf_bytes(&key), bytes_of("", 0));
    b->changes.last->deleted = true;
    buf_deinit(&key);
}

static void test_erase_entry(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct sealed gone, stays;
    struct book b;

    book_init(&b, NULL);
    for (uint64_t i = 1; i <= 40; i++)
        write_entry(&b, i * 1000, "bob@b.example", ENTRY_MESSAGE, i == 7 ? "ashes" : "stone");
    commit(s, &b);
    store_close(s); /* from the log into the database */
    s = open_store(p, "");
    write_entry(&b, 7001, "bob@b.example", ENTRY_MESSAGE, "smoke");
    commit(s, &b);
    gone = find_sealed(p, "", 7);
    stays = find_sealed(p, "", 8);
    assert_true(any_file_has(p, &gone) && any_file_has(p, &stays));
    erase(&b, 7000);
    commit(s, &b);
    assert_false(any_file_has(p, &gone));
    assert_true(any_file_has(p, &stays));
    gone = find_sealed(p, "", 41);
    erase(&b, 7001);
    erase(&b, 123456); /* gone already */
    commit(s, &b);
    assert_false(any_file_has(p, &gone));
    check_page(s, "bob@b.example", 6, STORE_AFTER, 1, "stone ");
    write_entry(&b, 8500, "bob@b.example", ENTRY_MESSAGE, "sand"); /* it goes on */
    commit(s, &b);
    store_close(s);
    s = open_store(p, "");
    check_page(s, "bob@b.example", 8, STORE_AFTER, 2, "sand stone ");
    store_close(s);
    book_deinit(&b);
}

static void test_erase_chat(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct sealed gone, stays;
    struct book b;

    book_init(&b, NULL);
    write_entry(&b, 1000, "bob@b.example", ENTRY_MESSAGE, "ashes");
    write_entry(&b, 2000, "eve@e.example", ENTRY_MESSAGE, "stone");
    commit(s, &b);
    gone = find_sealed(p, "", 1);
    stays = find_sealed(p, "", 2);
    assert_int_equal(store_erase_chat(s, STR("bob@b.example")), ERR_NONE);
    assert_int_equal(store_erase_chat(s, STR("nobody@b.example")), ERR_NONE);
    assert_false(any_file_has(p, &gone));
    assert_true(any_file_has(p, &stays));
    check_chats(s, "eve@e.example 'stone' 1 ''; ");
    write_entry(&b, 3000, "bob@b.example", ENTRY_MESSAGE, "anew");
    commit(s, &b);
    check_chats(s, "bob@b.example 'anew' 1 ''; eve@e.example 'stone' 1 ''; ");
    assert_memory_not_equal(find_sealed(p, "", 3).key, gone.key, VAULT_KEY);
    store_close(s);
    book_deinit(&b);
}

/* Copies the database and its log, or puts the copies back. */
static void keep_files(struct place *p, bool back)
{
    static const char *const files[] = { "sotto.db", "sotto.db-wal" };
    char command[400];

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(command, sizeof command, back ? "mv %s/%s%s %s/%s%s" : "cp %s/%s%s %s/%s%s",
                 p->data, files[i], back ? ".kept" : "", p->data, files[i], back ? "" : ".kept");
        assert_int_equal(system(command), 0);
    }
}

/* The power went after a commit that erases, before its log was overwritten. */
static void test_erase_interrupted(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct vault vault = { 0 };
    struct sealed gone;
    struct book b;
    sqlite3 *db;

    book_init(&b, NULL);
    write_entry(&b, 1000, "bob@b.example", ENTRY_MESSAGE, "ashes");
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "stone");
    commit(s, &b);
    store_close(s);
    gone = find_sealed(p, "", 1);
    db = open_inside(p, "", &vault);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA secure_delete = ON; DELETE FROM timeline"
                                  " WHERE number = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    keep_files(p, false);
    sqlite3_close(db);
    keep_files(p, true);
    assert_true(any_file_has(p, &gone));
    s = open_store(p, "");
    assert_false(any_file_has(p, &gone));
    check_page(s, "bob@b.example", 0, STORE_AFTER, 2, "stone ");
    store_close(s);
    vault_close(&vault);
    book_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_erase_entry),
        STORE_TEST(test_erase_chat),
        STORE_TEST(test_erase_interrupted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
