/* test_store_retract.c: words that were taken back are nowhere in a store, for whoever has all its keys; and only those are gone. */
#include "test/unit/cli/kept.h"

#include <stdio.h>
#include <string.h>

#include "client/record.h"

#define SECRET "canary"

enum { ENTRIES = 6 };

static const struct {
    const char *name;
    struct {
        char
            author; /* a: Alice, here; x: on another device, A: there, not sealed; b: Bob; B: not sealed */
        enum entry_kind kind;
        const char *id, *target, *text, *attachment, *quote;
    } entries[ENTRIES];
    const char *left; /* texts, attachments and quotes, by time */
} cases[] = {
    { "text, file and quote",
      { { 'b', ENTRY_MESSAGE, "1", "0", SECRET, SECRET, SECRET },
        { 'b', ENTRY_MESSAGE, "2", "", "stays", "file", "" },
        { 'b', ENTRY_RETRACTION, "3", "1", "", "", "" } },
      "stays file " },
    { "ours, from here and from there",
      { { 'a', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'x', ENTRY_MESSAGE, "2", "", SECRET, "", "" },
        { 'x', ENTRY_RETRACTION, "3", "1", "", "", "" },
        { 'a', ENTRY_RETRACTION, "4", "2", "", "", "" } },
      "" },
    { "its corrections",
      { { 'b', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'b', ENTRY_CORRECTION, "2", "1", SECRET, "", "" },
        { 'b', ENTRY_CORRECTION, "3", "2", SECRET, "", "" },
        { 'b', ENTRY_MESSAGE, "4", "1", "answers itself", "", SECRET },
        { 'b', ENTRY_RETRACTION, "5", "1", "", "", "" } },
      "answers itself " },
    { "by the name of a correction",
      { { 'b', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'b', ENTRY_CORRECTION, "2", "1", SECRET, "", "" },
        { 'b', ENTRY_CORRECTION, "3", "1", SECRET, "", "" },
        { 'b', ENTRY_RETRACTION, "5", "2", "", "", "" } },
      "" },
    { "quotes in answers of the other side",
      { { 'b', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'a', ENTRY_MESSAGE, "2", "1", "really?", "", SECRET },
        { 'b', ENTRY_RETRACTION, "5", "1", "", "", "" } },
      "really? " },
    { "only by its author",
      { { 'a', ENTRY_MESSAGE, "1", "", "mine", "", "" },
        { 'b', ENTRY_RETRACTION, "2", "1", "", "", "" },
        { 'b', ENTRY_MESSAGE, "3", "", "theirs", "", "" },
        { 'a', ENTRY_RETRACTION, "4", "3", "", "", "" } },
      "mine theirs " },
    { "nothing unsealed takes what was sealed",
      { { 'b', ENTRY_MESSAGE, "1", "", "sealed", "", "" },
        { 'B', ENTRY_RETRACTION, "2", "1", "", "", "" },
        { 'a', ENTRY_MESSAGE, "3", "", "ours", "", "" },
        { 'A', ENTRY_RETRACTION, "4", "3", "", "", "" } },
      "sealed ours " },
    { "but what was not sealed",
      { { 'B', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'B', ENTRY_RETRACTION, "2", "1", "", "", "" },
        { 'B', ENTRY_MESSAGE, "3", "", SECRET, "", "" },
        { 'b', ENTRY_RETRACTION, "4", "3", "", "", "" } },
      "" },
    { "of two with one name the author's",
      { { 'a', ENTRY_MESSAGE, "1", "", "mine", "", "" },
        { 'b', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'b', ENTRY_RETRACTION, "2", "1", "", "", "" } },
      "mine " },
    { "a name that breaks lines, and none",
      { { 'b', ENTRY_MESSAGE, "1\n2", "", SECRET, "", "" },
        { 'b', ENTRY_MESSAGE, "", "", "nameless", "", "" },
        { 'b', ENTRY_RETRACTION, "3", "1\n2", "", "", "" },
        { 'b', ENTRY_RETRACTION, "4", "", "", "", "" } },
      "nameless " },
    { "what says nothing is left as it is",
      { { 'b', ENTRY_MESSAGE, "1", "", SECRET, "", "" },
        { 'b', ENTRY_SEALED, "1", "", "not for this device", "", "" },
        { 'a', ENTRY_REACTIONS, "2", "1", "\U0001F44D", "", "" },
        { 'b', ENTRY_RETRACTION, "3", "1", "", "", "" } },
      "not for this device \U0001F44D " },
};

static struct entry entry_of(size_t row, size_t i)
{
    char author = cases[row].entries[i].author;
    bool ours = strchr("axA", author) != NULL;

    return (struct entry){
        .kind = cases[row].entries[i].kind,
        .outgoing = ours,
        .encryption = strchr("bx", author) != NULL ? ENCRYPTION_OMEMO_2 : ENCRYPTION_NONE,
        .time_ms = i + 1,
        .chat = STR("bob@b.example"),
        .author = ours ? STR("alice@a.example") : STR("bob@b.example"),
        .id = str_from(cases[row].entries[i].id),
        .archive_id = strchr("bBxA", author) != NULL ? STR("from the archive") : STR_NONE,
        .target = str_from(cases[row].entries[i].target),
        .text = str_from(cases[row].entries[i].text),
        .attachment = str_from(cases[row].entries[i].attachment),
        .quote = str_from(cases[row].entries[i].quote),
    };
}

static void hear_all(void *ctx, uint64_t number, const struct entry *e)
{
    struct str words[] = { e->text, e->attachment, e->quote };
    struct heard *h = ctx;
    size_t n;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i].n > 0) {
            n = strlen(h->text);
            snprintf(h->text + n, sizeof h->text - n, "%.*s ", STR_ARG(words[i]));
        }
    h->number = number;
}

static void check_left(struct store *s, const char *want)
{
    struct heard h = { 0 };

    assert_int_equal(store_page(s, STR("bob@b.example"), 0, STORE_BEFORE, 100, hear_all, &h),
                     ERR_NONE);
    assert_string_equal(h.text, want);
    h.text[0] = '\0';
    assert_int_equal(store_search(s, STR_NONE, STR(SECRET), 100, hear_all, &h), ERR_NONE);
    assert_string_equal(h.text, "");
}

enum order { TOGETHER, ONE_BY_ONE, BACKWARDS, ORDERS };

static void put(struct store *s, struct book *b, size_t row, enum order order)
{
    struct entry e;

    for (size_t i = 0; i < ENTRIES; i++) {
        e = entry_of(row, order == BACKWARDS ? ENTRIES - 1 - i : i);
        if (e.kind == 0)
            continue;
        add(b, &e);
        if (order == ONE_BY_ONE || order == BACKWARDS)
            commit(s, b);
    }
    commit(s, b);
}

/* In whatever order it comes; what comes twice is kept twice. */
static void test_orders(void **state)
{
    struct place *p = *state;
    struct store *s;
    struct book b;

    book_init(&b, NULL);
    for (size_t row = 0; row < COUNT_OF(cases); row++)
        for (enum order order = TOGETHER; order < ORDERS; order++) {
            s = open_store(p, "");
            put(s, &b, row, order);
            check_left(s, cases[row].left);
            store_close(s);
            s = open_store(p, "");
            assert_int_equal(store_erase_chat(s, STR("bob@b.example")), ERR_NONE);
            store_discard(s);
        }
    s = open_store(p, "");
    put(s, &b, 0, TOGETHER);
    put(s, &b, 0, ONE_BY_ONE);
    check_left(s, "stays file stays file ");
    store_close(s);
    book_deinit(&b);
}

/* ---- In the files -------------------------------------------------------------------------------- */

static bool any_file_has(struct place *p, struct bytes what)
{
    static const char *const files[] = { "sotto.db", "sotto.db-wal", "sotto.db-shm" };
    enum { ALL = 1 << 22 };
    char *all = mem_alloc(ALL), path[128];
    bool has = false;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", p->data, files[i]);
        f = fopen(path, "rb");
        has |= f != NULL && memmem(all, fread(all, 1, ALL, f), what.p, what.n) != NULL;
        if (f != NULL)
            fclose(f);
    }
    mem_free(all);
    return has;
}

/* Number `n` as it is sealed, its place, and the key of its chat. */
static struct bytes sealed(struct place *p, int n, struct bytes *out_place, struct bytes *out_key)
{
    struct vault vault = { 0 };
    sqlite3 *db = open_inside(p, "", &vault);
    struct bytes column[4];
    sqlite3_stmt *q = NULL;

    sqlite3_prepare_v2(db,
                       "SELECT chat, at, key, value FROM timeline JOIN chat ON chat = lookup"
                       " WHERE number = ?",
                       -1, &q, NULL);
    sqlite3_bind_int(q, 1, n);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    for (int i = 0; i < 4; i++)
        column[i] = arena_bytes(
            &p->arena, bytes_of(sqlite3_column_blob(q, i), (size_t)sqlite3_column_bytes(q, i)));
    assert_int_equal(vault_unseal(vault.values, &p->arena, 201 /* of the store */, column[0],
                                  column[2], out_key),
                     ERR_NONE);
    *out_place =
        bytes_of_str(arena_concat(&p->arena, str_of_bytes(column[0]), str_of_bytes(column[1])));
    sqlite3_finalize(q);
    sqlite3_close(db);
    vault_close(&vault);
    return column[3];
}

static void test_files(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct bytes place, key, before;
    struct entry e = entry_of(0, 0);
    struct book b;

    book_init(&b, NULL);
    add(&b, &e);
    e = entry_of(0, 1);
    add(&b, &e);
    commit(s, &b);
    before = sealed(p, 1, &place, &key);
    assert_true(any_file_has(p, before));
    e = entry_of(0, 2);
    add(&b, &e);
    commit(s, &b);
    assert_false(any_file_has(p, before));
    assert_true(any_file_has(p, sealed(p, 2, &place, &key)));
    check_left(s, "stays file ");
    store_close(s);
    assert_false(any_file_has(p, before));
    book_deinit(&b);
}

/* A store of version 2, which kept words: a sealed message becomes a retraction of the other. */
static void test_upgrade(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct bytes place, key, before;
    struct entry e = entry_of(0, 0), taken = entry_of(0, 2);
    struct vault vault = { 0 };
    sqlite3_stmt *q = NULL;
    struct buf value;
    struct book b;
    sqlite3 *db;

    book_init(&b, NULL);
    add(&b, &e);
    e = entry_of(0, 1);
    add(&b, &e);
    commit(s, &b);
    store_close(s);
    (void)sealed(p, 2, &place, &key);
    buf_init(&value, 1000);
    entry_write(&value, &taken);
    db = open_inside(p, "", &vault);
    sqlite3_prepare_v2(db, "UPDATE timeline SET value = ? WHERE number = 2", -1, &q, NULL);
    before = vault_seal(key.p, &chance, &p->arena, BOOK_TIMELINE, place, buf_bytes(&value));
    sqlite3_bind_blob(q, 1, before.p, (int)before.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
    sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL);
    sqlite3_close(db);
    vault_close(&vault);
    buf_deinit(&value);
    before = sealed(p, 1, &place, &key);
    s = open_store(p, "");
    check_left(s, "");
    assert_false(any_file_has(p, before));
    store_close(s);
    book_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_orders),
        STORE_TEST(test_files),
        STORE_TEST(test_upgrade),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
