/* test_file.c: the file itself: whose it is, which version, its mode, its copies. */
#include "harness.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool says(struct str text, const char *part)
{
    return text.n > 0 && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* Runs SQL on the closed file. */
static void alter(struct harness *h, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int number(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    int value;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    value = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static struct harness *closed_store(void)
{
    struct harness *h = harness_new(IN_FILE_INLINE);

    make_account(h, "alice");
    store_close(h->store);
    h->store = NULL;
    return h;
}

static void refuses(struct harness *h, enum err expected, const char *sentence)
{
    struct str why = STR("");

    assert_int_equal(harness_open(h, &why), expected);
    assert_true(says(why, sentence));
    assert_null(memchr(why.p, '\n', why.n));
}

static void newer_schema(void **state)
{
    struct harness *h = closed_store();

    (void)state;
    assert_int_equal(number(h->path, "PRAGMA application_id"), 0x536f7474);
    assert_int_equal(number(h->path, "PRAGMA user_version"), 7);
    alter(h, "PRAGMA user_version = 99");
    refuses(h, ERR_UNSUPPORTED, "newer version");
    assert_int_equal(number(h->path, "SELECT count(*) FROM account"), 1);
    alter(h, "PRAGMA user_version = 7");
    harness_reopen(h);
    harness_free(h);
}

/* A store of version 2: one password for each account, and what opens it is found as before. */
static void older_schema(void **state)
{
    static const char *const back[] = {
        "DROP TABLE copy",
        "DROP TABLE outbox",
        "DROP TRIGGER device_push",
        "DROP TABLE push",
        "DROP TABLE link",
        "ALTER TABLE device DROP COLUMN via",
        "ALTER TABLE device DROP COLUMN expires",
        "ALTER TABLE device RENAME COLUMN granted TO app_password",
        "DELETE FROM credential WHERE device != ''",
        "ALTER TABLE credential RENAME TO later",
        "CREATE TABLE credential (account INTEGER NOT NULL, device TEXT NOT NULL, hash INTEGER NOT "
        "NULL, "
        "iterations INTEGER NOT NULL, salt BLOB NOT NULL, stored_key BLOB NOT NULL, "
        "server_key BLOB NOT NULL, PRIMARY KEY (account, device, hash)) STRICT, WITHOUT ROWID",
        "INSERT INTO credential "
        "SELECT account, device, hash, iterations, salt, stored_key, server_key FROM later",
        "DROP TABLE later",
        "INSERT INTO credential VALUES (1, '', 1, 5000, x'07', zeroblob(64), zeroblob(64))",
        "PRAGMA user_version = 2",
    };
    struct harness *h = closed_store();
    struct call *c;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(back); i++)
        alter(h, back[i]);
    harness_reopen(h);
    for (int known = 0; known < 2; known++) {
        const struct credential *first;

        c = call_new(h);
        c->query.in.credentials.local = known ? STR("alice") : STR("nobody");
        c->query.in.credentials.domain = STR("sotto.test");
        c->query.in.credentials.hash = HASH_SHA256;
        assert_int_equal(ask(c, QUERY_CREDENTIALS), ERR_NONE);
        assert_int_equal(c->query.out.credentials.count, CREDENTIALS_MAX);
        first = c->query.out.credentials.list;
        assert_int_equal(first->account, known);
        assert_int_equal(first->keys.iterations, known ? 5000 : 10000);
    }
    harness_free(h);
}

static void another_program(void **state)
{
    struct harness *h = closed_store();

    (void)state;
    unlink(h->path);
    alter(h, "CREATE TABLE account (x)");
    refuses(h, ERR_UNSUPPORTED, "another program");
    assert_int_equal(number(h->path, "SELECT count(*) FROM sqlite_schema"), 1);
    assert_int_equal(number(h->path, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
    harness_free(h);
}

static void not_a_database(void **state)
{
    struct harness *h = closed_store();
    FILE *f = fopen(h->path, "w");

    (void)state;
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", f);
    fclose(f);
    refuses(h, ERR_IO, "not a database");
    harness_free(h);
}

static void bad_places(void **state)
{
    static const struct {
        struct str url;
        enum err err;
        const char *sentence;
    } cases[] = {
        { STR_INIT("sqlite:/nowhere/at/all/store.db"), ERR_IO, "/nowhere/at/all/store.db" },
        { STR_INIT("sqlite:"), ERR_MALFORMED, "store.url" },
        { STR_INIT("mysql:x"), ERR_UNSUPPORTED, "store.url" },
        { STR_INIT(""), ERR_UNSUPPORTED, "store.url" },
    };
    struct harness *h = closed_store();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        h->options.url = cases[i].url;
        refuses(h, cases[i].err, cases[i].sentence);
    }
    harness_free(h);
}

static void private_mode(void **state)
{
    struct harness *h;
    char log[100];
    mode_t before = umask(0);

    (void)state;
    h = harness_new(IN_FILE_THREADED);
    make_account(h, "alice");
    snprintf(log, sizeof log, "%s-wal", h->path);
    assert_int_equal(mode_of(h->path), 0600);
    assert_int_equal(mode_of(log), 0600);
    umask(before);
    harness_free(h);
}

static void add_messages(struct harness *h, int64_t account, unsigned n, struct call **out)
{
    for (unsigned i = 0; i < n; i++) {
        out[i] = call_new(h);
        add_message(out[i], account, "peer@else.test/x", 0, "", i, STR("body"));
        call_submit(out[i]);
    }
}

/* A copy that is taken while the store is written: a store by itself, whole, of one moment. */
static void backup(void **state)
{
    enum { BEFORE = 300, MEANWHILE = 2000 };
    static struct call *before[BEFORE], *meanwhile[MEANWHILE];
    struct harness *h = harness_new(IN_FILE_THREADED);
    int64_t alice = make_account(h, "alice");
    char copy[100];

    (void)state;
    snprintf(copy, sizeof copy, "%s.copy", h->path);
    add_messages(h, alice, BEFORE, before);
    for (unsigned i = 0; i < BEFORE; i++)
        assert_int_equal(call_wait(before[i]), ERR_NONE);
    add_messages(h, alice, MEANWHILE, meanwhile);
    assert_int_equal(store_backup(h->store, copy), ERR_NONE);
    for (unsigned i = 0; i < MEANWHILE; i++)
        assert_int_equal(call_wait(meanwhile[i]), ERR_NONE);

    assert_int_equal(mode_of(copy), 0600);
    assert_int_equal(number(copy, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    assert_in_range(number(copy, "SELECT count(*) FROM message"), BEFORE, BEFORE + MEANWHILE);
    assert_int_equal(number(copy, "SELECT entries = (SELECT count(*) FROM entry) FROM tally"), 1);
    assert_int_equal(store_backup(h->store, copy), ERR_EXISTS); /* never over something */
    assert_int_equal(store_backup(h->store, "/nowhere/at/all"), ERR_IO);

    store_close(h->store);
    h->store = NULL;
    assert_int_equal(rename(copy, h->path), 0);
    harness_reopen(h);
    make_account(h, "bob");
    harness_free(h);
}

static uint64_t next_seq(struct harness *h, int64_t account)
{
    struct call *c = call_new(h);
    struct row *row = add_message(c, account, "peer@else.test/x", 0, "", 1, STR("body"));

    assert_int_equal(commit(c), ERR_NONE);
    return row->message.entry[0].seq;
}

static void take_place(struct harness *h, const char *copy)
{
    char command[300];

    store_close(h->store);
    h->store = NULL;
    snprintf(command, sizeof command, "cp '%s' '%s' && rm -f '%s-wal' '%s-shm'", copy, h->path,
             h->path, h->path);
    assert_int_equal(system(command), 0);
    harness_reopen(h);
}

/* What the original gave out after a copy was made of it, no copy gives out again: neither positions nor numbers of
 * accounts, and not what another server from the same copy gave out. */
static void copies_go_their_own_way(void **state)
{
    struct harness *h = harness_new(IN_FILE_THREADED);
    int64_t alice = make_account(h, "alice"), before = make_account(h, "bob"), carol;
    uint64_t first = next_seq(h, alice), last, again;
    struct call *page;
    char copy[100];

    (void)state;
    snprintf(copy, sizeof copy, "%s.copy", h->path);
    assert_int_equal(store_backup(h->store, copy), ERR_NONE);
    carol = make_account(h, "carol");
    for (unsigned i = 0; i < 200; i++)
        last = next_seq(h, alice);
    assert_in_range(last, first + 200, first + 1000); /* it goes on as if nothing had been */

    take_place(h, copy);
    again = next_seq(h, alice);
    assert_true(again > last + UINT32_MAX / 2);
    assert_true(make_account(h, "dora") > carol && carol > before);
    assert_int_equal(next_seq(h, alice), again + 1);
    harness_reopen(h); /* once is enough */
    assert_in_range(next_seq(h, alice), again + 2, again + 1000);
    page = call_new(h);
    page->query.in.archive = (struct archive_query){ .account = alice, .after = first, .max = 10 };
    assert_int_equal(ask(page, QUERY_ARCHIVE), ERR_NONE);
    assert_int_equal(page->query.out.archive.count, 3);

    take_place(h, copy);
    assert_true(next_seq(h, alice) != again);
    unlink(copy);
    harness_free(h);
}

/* Acknowledged without waiting for the disk: the same answers, and nothing lost without a power
 * failure. */
static void ack_memory(void **state)
{
    struct harness *h = harness_new(IN_FILE_THREADED);
    struct call *calls[100], *page = call_new(h);
    int64_t alice;

    (void)state;
    store_close(h->store);
    h->options.ack_memory = true;
    assert_int_equal(harness_open(h, &(struct str){ 0 }), ERR_NONE);
    alice = make_account(h, "alice");
    add_messages(h, alice, COUNT_OF(calls), calls);
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        assert_int_equal(call_wait(calls[i]), ERR_NONE);
    harness_reopen(h);
    page->query.in.archive = (struct archive_query){ .account = alice, .want_count = true };
    assert_int_equal(ask(page, QUERY_ARCHIVE), ERR_NONE);
    assert_int_equal(page->query.out.archive.total, COUNT_OF(calls));
    harness_free(h);
}

/* A log that outgrows its limits starts anew, with readers at work; nothing is lost on the way. */
static void long_log(void **state)
{
    enum { ROUNDS = 45, EACH = 100, BODY = 20000 };
    static struct call *writes[EACH], *reads[EACH];
    struct harness *h = harness_new(IN_FILE_THREADED);
    int64_t alice = make_account(h, "alice");
    struct str body = { arena_alloc(&h->arena, BODY), BODY };
    struct call *c = call_new(h);

    (void)state;
    memset((char *)body.p, 'b', body.n);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < EACH; i++) {
            writes[i] = call_new(h);
            reads[i] = call_new(h);
            add_message(writes[i], alice, "peer@else.test/x", 0, "", i, body);
            reads[i]->query.in.archive =
                (struct archive_query){ .account = alice, .max = 1, .newest = true };
            call_submit(writes[i]);
            call_ask(reads[i], QUERY_ARCHIVE);
        }
        for (unsigned i = 0; i < EACH; i++) {
            assert_int_equal(call_wait(writes[i]), ERR_NONE);
            assert_int_equal(call_wait(reads[i]), ERR_NONE);
            arena_deinit(&writes[i]->op.arena);
            arena_deinit(&reads[i]->op.arena);
        }
    }
    assert_int_equal(ask(c, QUERY_STATS), ERR_NONE);
    assert_int_equal(c->query.out.stats.messages, ROUNDS * EACH);
    assert_true(c->query.out.stats.wal_bytes > 0);
    assert_true(c->query.out.stats.file_bytes > 0);
    store_close(h->store);
    h->store = NULL;
    assert_int_equal(number(h->path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                     1);
    assert_int_equal(number(h->path, "SELECT count(*) FROM entry"), ROUNDS * EACH);
    harness_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_schema),    cmocka_unit_test(newer_schema),
        cmocka_unit_test(another_program), cmocka_unit_test(not_a_database),
        cmocka_unit_test(bad_places),      cmocka_unit_test(private_mode),
        cmocka_unit_test(backup),          cmocka_unit_test(copies_go_their_own_way),
        cmocka_unit_test(ack_memory),      cmocka_unit_test(long_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
