/* test_store.c: what is committed is there again, sealed; who may open it. */
#include "test/unit/cli/kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/people.h"
#include "client/record.h"

static enum err try_open(struct place *p, const char *passphrase)
{
    struct store *s = NULL;
    struct str why = STR_NONE;
    enum err e = store_open(p->data, str_from(passphrase), &chance, &s, &why, &p->arena);

    store_close(s);
    assert_true(e == ERR_NONE || why.n > 10);
    return e;
}

static enum store_state look(struct place *p)
{
    struct store_locks locks;
    struct str why;

    assert_int_equal(store_look(p->data, &locks, &why, &p->arena), ERR_NONE);
    return locks.state;
}

/* ---- Who may open it ----------------------------------------------------------------------------- */

static void test_passphrase(void **state)
{
    struct place *p = *state;

    assert_int_equal(look(p), STORE_ABSENT);
    store_close(open_store(p, "let me in"));
    assert_int_equal(look(p), STORE_NEEDS_PASSPHRASE);
    assert_int_equal(try_open(p, "let me on"), ERR_DENIED);
    assert_int_equal(try_open(p, ""), ERR_DENIED);
    assert_int_equal(try_open(p, "let me in"), ERR_NONE);
}

static void test_key_file(void **state)
{
    struct place *p = *state;
    char key[128];
    struct stat about;
    int fd;

    store_close(open_store(p, ""));
    assert_int_equal(look(p), STORE_NEEDS_NOTHING);
    snprintf(key, sizeof key, "%s/key", p->data);
    assert_int_equal(stat(key, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(try_open(p, ""), ERR_NONE);
    fd = open(key, O_WRONLY);
    assert_int_equal(write(fd, "another key", 11), 11);
    close(fd);
    assert_int_equal(try_open(p, ""), ERR_DENIED);
    assert_int_equal(unlink(key), 0);
    assert_int_equal(try_open(p, ""), ERR_IO);
}

static void test_one_at_a_time(void **state)
{
    struct place *p = *state;
    struct store *first = open_store(p, "");

    assert_int_equal(try_open(p, ""), ERR_CONFLICT);
    store_close(first);
    assert_int_equal(try_open(p, ""), ERR_NONE);
}

static void test_foreign_file(void **state)
{
    struct place *p = *state;
    struct store_locks what;
    struct str why = STR_NONE;
    char path[128];
    FILE *f;

    store_discard(open_store(p, ""));
    assert_int_equal(look(p), STORE_ABSENT);
    snprintf(path, sizeof path, "%s/sotto.db", p->data);
    f = fopen(path, "w");
    fprintf(f, "somebody's shopping list, long enough to be a header of SQLite, which it is not, "
               "whatever one reads into it");
    fclose(f);
    assert_int_equal(store_look(p->data, &what, &why, &p->arena), ERR_UNSUPPORTED);
    assert_true(why.n > 0);
    assert_int_not_equal(try_open(p, ""), ERR_NONE);
}

/* ---- What is in it ------------------------------------------------------------------------------- */

static void put_contact(struct book *b, const char *jid, const char *name)
{
    struct buf value;

    buf_init(&value, 1000);
    record_u8(&value, SUBSCRIPTION_BOTH);
    record_u8(&value, 0);
    record_text(&value, str_from(name));
    book_put(b, BOOK_CONTACT, octets(jid), buf_bytes(&value));
    buf_deinit(&value);
}

static void test_rows(void **state)
{
    struct engine_config about = { .random = &chance };
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct contact contact;
    struct engine *engine;
    struct book b;

    book_init(&b, NULL);
    assert_int_equal(jid_parse(&p->arena, STR("a@b.example"), &about.jid), ERR_NONE);
    put_contact(&b, "bob@b.example", "Bob");
    put_contact(&b, "eve@e.example", "Eve");
    commit(s, &b);
    put_contact(&b, "bob@b.example", "Bobby");
    book_delete(&b, BOOK_CONTACT, octets("eve@e.example"));
    commit(s, &b);
    store_close(s);
    s = open_store(p, "");
    engine = engine_new(&about);
    assert_int_equal(store_load(s, engine), ERR_NONE);
    assert_true(engine_contact(engine, STR("bob@b.example"), &contact));
    check_str("name", contact.name, "Bobby");
    assert_false(engine_contact(engine, STR("eve@e.example"), &contact));
    engine_free(engine);
    store_close(s);
    book_deinit(&b);
}

static void test_settings(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct str value;

    assert_int_equal(store_setting(s, "jid", &p->arena, &value), ERR_MISSING);
    assert_int_equal(store_set(s, "jid", STR("a@b")), ERR_NONE);
    assert_int_equal(store_set(s, "jid", STR("c@d")), ERR_NONE);
    store_close(s);
    s = open_store(p, "");
    assert_int_equal(store_setting(s, "jid", &p->arena, &value), ERR_NONE);
    check_str("jid", value, "c@d");
    store_close(s);
}

/* ---- Older versions ------------------------------------------------------------------------------ */

/* The store as version 1 had it: entries under the master key, no chats. */
static void make_old(struct place *p, const char *passphrase)
{
    struct entry e = { .kind = ENTRY_MESSAGE, .chat = STR("bob@b.example"), .text = STR("of old") };
    struct bytes at = octets("12345678abcdefgh"), chat, place;
    uint8_t lookup[VAULT_LOOKUP];
    struct vault vault = { 0 };
    sqlite3_stmt *q = NULL;
    struct buf value;
    sqlite3 *db;

    store_close(open_store(p, passphrase));
    db = open_inside(p, passphrase, &vault);
    buf_init(&value, 1000);
    entry_write(&value, &e);
    vault_lookup(&vault, BOOK_TIMELINE, bytes_of_str(e.chat), lookup);
    chat = bytes_of(lookup, sizeof lookup);
    place = bytes_of_str(arena_concat(&p->arena, str_of_bytes(chat), str_of_bytes(at)));
    place = vault_seal(vault.values, &chance, &p->arena, BOOK_TIMELINE, place, buf_bytes(&value));
    sqlite3_exec(db,
                 "DROP TABLE chat; DROP INDEX timeline_come; DROP INDEX timeline_at;"
                 "PRAGMA user_version = 1",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO timeline VALUES(7, ?, ?, ?)", -1, &q, NULL);
    sqlite3_bind_blob(q, 1, chat.p, (int)chat.n, SQLITE_STATIC);
    sqlite3_bind_blob(q, 2, at.p, (int)at.n, SQLITE_STATIC);
    sqlite3_bind_blob(q, 3, place.p, (int)place.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
    sqlite3_close(db);
    buf_deinit(&value);
    vault_close(&vault);
}

static void test_upgrade(void **state)
{
    struct place *p = *state;
    struct store *s;

    make_old(p, "");
    for (int i = 0; i < 2; i++) { /* made new, and as it is then */
        s = open_store(p, "");
        check_page(s, "bob@b.example", 0, STORE_BEFORE, 10, "of old ");
        check_chats(s, "bob@b.example 'of old' 1 ''; ");
        store_close(s);
    }
}

/* ---- What a thief sees --------------------------------------------------------------------------- */

static bool file_holds(const char *path, const char *words)
{
    FILE *f = fopen(path, "rb");
    struct buf b;
    char piece[4096];
    bool found;

    if (f == NULL)
        return false;
    buf_init(&b, 1 << 24);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&b, (struct str){ piece, n });
    fclose(f);
    found = memmem(b.p, b.n, words, strlen(words)) != NULL;
    buf_deinit(&b);
    return found;
}

static void test_sealed(void **state)
{
    static const char *const secrets[] = { "bob@b.example", "meet me at", "meet", "Bobby",
                                           "hunter2",       "hush hush",  "eve" };
    static const char *const files[] = { "sotto.db", "sotto.db-wal", "sotto.db-journal" };
    struct place *p = *state;
    struct store *s = open_store(p, "let me in");
    struct heard h = { 0 };
    char path[128];
    struct book b;

    book_init(&b, NULL);
    put_contact(&b, "bob@b.example", "Bobby");
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "meet me at nine");
    commit(s, &b);
    assert_int_equal(store_set(s, "password", STR("hunter2")), ERR_NONE);
    assert_int_equal(store_set_draft(s, STR("eve@e.example"), STR("hush hush")), ERR_NONE);
    check_chats(s, "bob@b.example 'meet me at nine' 1 ''; eve@e.example '' 0 'hush hush'; ");
    assert_int_equal(store_search(s, STR_NONE, STR("meet"), 10, hear, &h), ERR_NONE);
    assert_string_equal(h.text, "meet me at nine ");
    snprintf(path, sizeof path, "%s/sotto.db-wal", p->data);
    assert_true(file_holds(path, "timeline")); /* the search finds what is there */
    for (size_t i = 0; i < COUNT_OF(files) * COUNT_OF(secrets); i++) {
        snprintf(path, sizeof path, "%s/%s", p->data, files[i % COUNT_OF(files)]);
        assert_false(file_holds(path, secrets[i / COUNT_OF(files)]));
    }
    store_close(s);
    book_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_passphrase),   STORE_TEST(test_key_file), STORE_TEST(test_one_at_a_time),
        STORE_TEST(test_foreign_file), STORE_TEST(test_rows),     STORE_TEST(test_settings),
        STORE_TEST(test_upgrade),      STORE_TEST(test_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
