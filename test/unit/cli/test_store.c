/* test_store.c: what is committed is there again, sealed; who may open it. */
#include "test/unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/store.h"
#include "client/contacts.h"
#include "client/record.h"
#include "io/tls.h"

static const struct random chance = { tls_random, NULL };

struct place {
    char folder[64], data[96];
    struct arena arena;
};

static int setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);

    snprintf(p->folder, sizeof p->folder, "/tmp/sotto-store-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->data, sizeof p->data, "%s/deep/data", p->folder);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    static const char *const files[] = { "sotto.db", "sotto.db-wal", "sotto.db-shm",
                                         "key",      "lock",         "" };
    struct place *p = *state;
    char path[128];

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", p->data, files[i]);
        remove(path);
    }
    snprintf(path, sizeof path, "%s/deep", p->folder);
    remove(path);
    assert_int_equal(rmdir(p->folder), 0);
    arena_deinit(&p->arena);
    mem_free(p);
    return 0;
}

static struct store *open_store(struct place *p, const char *passphrase)
{
    struct store *s = NULL;
    struct str why = STR_NONE;

    if (store_open(p->data, str_from(passphrase), &chance, &s, &why, &p->arena) != ERR_NONE)
        fail_msg("%.*s", STR_ARG(why));
    return s;
}

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
    enum store_state state;
    struct str why;

    assert_int_equal(store_look(p->data, &state, &why, &p->arena), ERR_NONE);
    return state;
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
    enum store_state what;
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

static struct bytes octets(const char *s)
{
    return bytes_of_str(str_from(s));
}

static void commit(struct store *s, struct book *b)
{
    struct book_changes changes = book_take(b);

    assert_int_equal(store_commit(s, &changes), ERR_NONE);
    book_changes_deinit(&changes);
}

static void write_entry(struct book *b, uint64_t time_ms, const char *chat, enum entry_kind kind,
                        const char *words)
{
    struct entry e = { .kind = kind,
                       .time_ms = time_ms,
                       .chat = str_from(chat),
                       .author = str_from(chat),
                       .text = str_from(words) };
    struct buf key, value;

    buf_init(&key, 64);
    buf_init(&value, 1 << 16);
    record_u64(&key, time_ms);
    record_u64(&key, 0);
    entry_write(&value, &e);
    book_append(b, BOOK_TIMELINE, buf_bytes(&key), buf_bytes(&value));
    buf_deinit(&key);
    buf_deinit(&value);
}

struct heard {
    char text[512];
    uint64_t number;
};

static void hear(void *ctx, const struct entry *e)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);

    snprintf(h->text + n, sizeof h->text - n, "%.*s ", STR_ARG(e->text));
}

static void hear_numbered(void *ctx, uint64_t number, const struct entry *e)
{
    struct heard *h = ctx;

    assert_true(number > h->number);
    h->number = number;
    hear(ctx, e);
}

static void check_history(struct store *s, const char *chat, size_t limit, const char *want)
{
    struct heard h = { 0 };

    assert_int_equal(store_history(s, str_from(chat), limit, hear, &h), ERR_NONE);
    assert_string_equal(h.text, want);
}

static void check_later(struct store *s, uint64_t after, size_t limit, const char *want)
{
    struct heard h = { .number = after };

    assert_int_equal(store_later(s, after, limit, hear_numbered, &h), ERR_NONE);
    assert_string_equal(h.text, want);
}

static void test_timeline(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct book b;

    book_init(&b, NULL);
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "two");
    write_entry(&b, 3000, "bob@b.example", ENTRY_MESSAGE, "three");
    write_entry(&b, 1500, "eve@e.example", ENTRY_MESSAGE, "hidden");
    commit(s, &b);
    write_entry(&b, 1000, "bob@b.example", ENTRY_MESSAGE, "one"); /* came late, belongs first */
    write_entry(&b, 3000, "bob@b.example", ENTRY_DELIVERED, "got");
    commit(s, &b);
    store_close(s);
    s = open_store(p, "");
    check_history(s, "bob@b.example", 10, "one two three got ");
    check_history(s, "bob@b.example", 2,
                  "two three got "); /* two messages, and what was said of them */
    check_history(s, "eve@e.example", 10, "hidden ");
    check_history(s, "nobody@e.example", 10, "");
    check_later(s, 0, 10, "two three hidden one got ");
    check_later(s, 2, 2, "hidden one ");
    check_later(s, 5, 10, "");
    store_close(s);
    book_deinit(&b);
}

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
    static const char *const secrets[] = { "bob@b.example", "meet me at", "Bobby", "hunter2" };
    static const char *const files[] = { "sotto.db", "sotto.db-wal" };
    struct place *p = *state;
    struct store *s = open_store(p, "let me in");
    char path[128];
    struct book b;

    book_init(&b, NULL);
    put_contact(&b, "bob@b.example", "Bobby");
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "meet me at nine");
    commit(s, &b);
    assert_int_equal(store_set(s, "password", STR("hunter2")), ERR_NONE);
    snprintf(path, sizeof path, "%s/sotto.db-wal", p->data);
    assert_true(file_holds(path, "timeline")); /* the search finds what is there */
    for (size_t i = 0; i < 2 * COUNT_OF(secrets); i++) {
        snprintf(path, sizeof path, "%s/%s", p->data, files[i % 2]);
        assert_false(file_holds(path, secrets[i / 2]));
    }
    store_close(s);
    book_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_passphrase, setup, teardown),
        cmocka_unit_test_setup_teardown(test_key_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_timeline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
