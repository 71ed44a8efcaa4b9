/* test_faults.c: every write, sync and truncation of a run fails once. What was acknowledged is
 * there afterwards, every write-set is whole or absent, and the store says when it must not go on.
 */
#include "harness.h"

#include <sqlite3.h>
#include <string.h>

#include "faulty_vfs.h"

enum { BATCHES = 12, PER_BATCH = 4, SETS = BATCHES * PER_BATCH, ROUNDS_MAX = 2000 };

struct scenario {
    struct harness *harness;
    int64_t alice, bob;
    struct call *calls[SETS];
    struct str bodies[SETS];
};

static void submit_batch(struct scenario *s, unsigned batch)
{
    for (unsigned i = batch * PER_BATCH; i < (batch + 1) * PER_BATCH; i++) {
        struct call *c = s->calls[i] = call_new(s->harness);

        s->bodies[i] = arena_printf(&s->harness->arena, "body %u", i);
        add_message(c, s->alice, "bob@sotto.test/x", s->bob, "alice@sotto.test", 1000 + i,
                    s->bodies[i]);
        call_submit(c);
    }
}

/* Results of one batch agree, since it is one transaction. */
static enum err wait_batch(struct scenario *s, unsigned batch)
{
    enum err first = call_wait(s->calls[batch * PER_BATCH]);

    for (unsigned i = batch * PER_BATCH; i < (batch + 1) * PER_BATCH; i++)
        assert_int_equal(call_wait(s->calls[i]), first);
    return first;
}

/* With a removal and an emptied log in between, so that all of these fail once as well. */
static void run_scenario(struct scenario *s)
{
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        submit_batch(s, batch);
        wait_batch(s, batch);
        if (batch % 4 == 3) {
            store_expire(s->harness->store, 5000);
            while (store_step(s->harness->store))
                continue;
        }
    }
}

static bool has_body(const struct call *page, struct str body)
{
    for (size_t i = 0; i < page->query.out.archive.count; i++)
        if (str_eq(page->query.out.archive.results[i].body, body))
            return true;
    return false;
}

static struct call *whole_archive(struct scenario *s, int64_t account)
{
    struct call *c = call_new(s->harness);

    c->query.in.archive = (struct archive_query){ .account = account, .max = 2 * SETS };
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    return c;
}

static void check_integrity(struct harness *h)
{
    sqlite3 *db;
    sqlite3_stmt *s;

    assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(s, 0), "ok");
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* After a fatal failure what was refused may be there: that is what fatal means. */
static void check_survivors(struct scenario *s, bool was_fatal)
{
    struct call *alice = whole_archive(s, s->alice), *bob = whole_archive(s, s->bob),
                *stats = call_new(s->harness);

    for (unsigned i = 0; i < SETS; i++) {
        bool there = has_body(alice, s->bodies[i]);

        assert_int_equal(has_body(bob, s->bodies[i]), there);
        if (s->calls[i]->op.result == ERR_NONE)
            assert_true(there);
        else if (!was_fatal)
            assert_false(there);
    }
    assert_int_equal(ask(stats, QUERY_STATS), ERR_NONE);
    assert_int_equal(stats->query.out.stats.entries,
                     alice->query.out.archive.count + bob->query.out.archive.count);
    check_integrity(s->harness);
}

/* Returns whether the fault was met at all. */
static bool run_with_fault(enum fault_at kind, int n, int rc)
{
    struct scenario s = { .harness = harness_new(IN_FILE_INLINE) };
    struct harness *h = s.harness;
    bool fatal, fired;
    struct store_stats stats;
    unsigned refused = 0;

    s.alice = make_account(h, "alice");
    s.bob = make_account(h, "bob");
    faulty_vfs_arm(kind, n, rc);
    run_scenario(&s);
    fired = faulty_vfs_fired();
    fatal = h->fatal[0] != '\0';
    for (unsigned i = 0; i < SETS; i++)
        refused += s.calls[i]->op.result != ERR_NONE;
    store_stats(h->store, &stats);
    assert_int_equal(stats.failed, refused);
    if (!fired)
        assert_int_equal(refused, 0);
    if (refused > 0) /* the operator hears of it, one way or the other */
        assert_true(fatal || h->refused > 0);
    else if (!fired)
        assert_int_equal(h->refused, 0);
    if (fatal)
        assert_int_not_equal(rc, SQLITE_FULL);
    else
        assert_true(refused <= PER_BATCH);       /* the store goes on after a full disk */
    for (unsigned i = 1; fatal && i < SETS; i++) /* and never after a fatal failure */
        assert_true(s.calls[i - 1]->op.result == ERR_NONE || s.calls[i]->op.result == ERR_IO);
    if (kind == FAULT_SYNC && fired)
        assert_true(fatal);
    h->fatal[0] = '\0';
    store_close(h->store); /* which writes, too */
    h->store = NULL;
    fired = faulty_vfs_fired();
    faulty_vfs_arm(kind, 0, 0);
    harness_reopen(h);
    check_survivors(&s, fatal);
    harness_free(h);
    return fired;
}

static void each_fails(enum fault_at kind, int rc)
{
    int n = 1;

    while (run_with_fault(kind, n, rc)) {
        assert_true(n < ROUNDS_MAX);
        n += n < 40 ? 1 : 7;
    }
    assert_true(n > 1); /* something failed at all */
}

static void writes_fail(void **state)
{
    (void)state;
    each_fails(FAULT_WRITE, SQLITE_IOERR_WRITE);
}

static void disk_full(void **state)
{
    (void)state;
    each_fails(FAULT_WRITE, SQLITE_FULL);
}

static void syncs_fail(void **state)
{
    (void)state;
    each_fails(FAULT_SYNC, SQLITE_IOERR_FSYNC);
}

static void truncations_fail(void **state)
{
    (void)state;
    each_fails(FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE);
}

/* An acknowledgement means the disk has it: one sync for each transaction; none where the
 * operator chose so. */
static void syncs_per_commit(void **state)
{
    enum { COMMITS = 10, MANY = 1000 };

    (void)state;
    for (int ack_memory = 0; ack_memory < 2; ack_memory++) {
        struct harness *h = harness_new(IN_FILE_INLINE);
        int64_t alice = make_account(h, "alice");

        h->options.ack_memory = ack_memory;
        harness_reopen(h);
        while (store_step(h->store))
            continue;
        for (int i = 0; i < COMMITS + 1; i++) {
            struct call *c = call_new(h);

            if (i == 1) /* the first may begin a new log */
                faulty_vfs_arm(FAULT_SYNC, MANY, SQLITE_IOERR_FSYNC);
            call_row(c, ROW_CURSOR, alice)->entry.seq = (uint64_t)i + 1;
            assert_int_equal(commit(c), ERR_NONE);
        }
        assert_int_equal(MANY - faulty_vfs_left(FAULT_SYNC), ack_memory ? 0 : COMMITS);
        faulty_vfs_arm(FAULT_SYNC, 0, 0);
        harness_free(h);
    }
}

static enum err move_cursor(struct harness *h, int64_t account, uint64_t seq)
{
    struct call *c = call_new(h);

    call_row(c, ROW_CURSOR, account)->entry.seq = seq;
    return commit(c);
}

/* A sync that failed once proves nothing when it succeeds later: not even closing tries again. */
static void no_second_try(void **state)
{
    enum { MANY = 1000 };
    struct harness *h = harness_new(IN_FILE_INLINE);
    int64_t alice = make_account(h, "alice");

    (void)state;
    faulty_vfs_arm(FAULT_SYNC, 1, SQLITE_IOERR_FSYNC);
    assert_int_equal(move_cursor(h, alice, 1), ERR_IO);
    assert_string_not_equal(h->fatal, "");
    faulty_vfs_arm(FAULT_SYNC, MANY, SQLITE_IOERR_FSYNC);
    assert_int_equal(move_cursor(h, alice, 2), ERR_IO);
    store_close(h->store);
    h->store = NULL;
    assert_int_equal(faulty_vfs_left(FAULT_SYNC), MANY);
    faulty_vfs_arm(FAULT_SYNC, 0, 0);
    harness_free(h);
}

/* The checkpoint thread meets the failure: the next write-sets are refused, those acknowledged
 * before are there. Without syncs at commits, the first one is the thread's. */
static void checkpoint_fails(void **state)
{
    enum { MESSAGES = 3000, BODY = 20000 };
    struct harness *h = harness_new(IN_FILE_THREADED);
    struct str body = { arena_alloc(&h->arena, BODY), BODY };
    struct call *page = call_new(h);
    uint64_t acknowledged = 0;
    int64_t alice;

    (void)state;
    memset((char *)body.p, 'b', body.n);
    store_close(h->store);
    h->options.ack_memory = true;
    assert_int_equal(harness_open(h, &(struct str){ 0 }), ERR_NONE);
    alice = make_account(h, "alice");
    for (unsigned i = 0; i < 10; i++) /* housekeeping after opening takes a step with each */
        assert_int_equal(move_cursor(h, alice, i), ERR_NONE);
    faulty_vfs_arm(FAULT_SYNC, 1, SQLITE_IOERR_FSYNC);
    for (unsigned i = 0; i < MESSAGES && h->fatal[0] == '\0'; i++) {
        struct call *c = call_new(h);

        add_message(c, alice, "peer@else.test/x", 0, "", i, body);
        acknowledged += commit(c) == ERR_NONE;
    }
    assert_string_not_equal(h->fatal, "");
    assert_int_equal(move_cursor(h, alice, 1), ERR_IO);
    h->fatal[0] = '\0';
    harness_reopen(h);
    page->query.in.archive = (struct archive_query){ .account = alice, .want_count = true };
    assert_int_equal(ask(page, QUERY_ARCHIVE), ERR_NONE);
    assert_true(page->query.out.archive.total >= acknowledged);
    check_integrity(h);
    harness_free(h);
}

/* A query that the disk does not answer fails, the operator hears why, and the next one is answered. */
static void reads_fail(void **state)
{
    struct scenario s = { .harness = harness_new(IN_FILE_INLINE) };
    struct harness *h = s.harness;
    unsigned failed = 0;
    bool fired;
    int n = 0;

    (void)state;
    s.alice = make_account(h, "alice");
    s.bob = make_account(h, "bob");
    run_scenario(&s);
    do {
        struct call *c = call_new(h);

        harness_reopen(h);
        h->refused = 0;
        faulty_vfs_arm(FAULT_READ, ++n, SQLITE_IOERR_READ);
        c->query.in.archive = (struct archive_query){ .account = s.alice, .max = 2 * SETS };
        if (ask(c, QUERY_ARCHIVE) != ERR_NONE) {
            assert_int_equal(c->query.op.result, ERR_IO);
            assert_int_equal(h->refused, 1);
            failed++;
        }
        fired = faulty_vfs_fired();
        faulty_vfs_arm(FAULT_READ, 0, 0);
        c = whole_archive(&s, s.alice);
        assert_int_equal(c->query.out.archive.count, SETS);
        h->fatal[0] = '\0'; /* the writer may have met it */
    } while (fired && n < ROUNDS_MAX);
    assert_true(failed > 0 && n < ROUNDS_MAX);
    harness_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_fail),      cmocka_unit_test(disk_full),
        cmocka_unit_test(syncs_fail),       cmocka_unit_test(truncations_fail),
        cmocka_unit_test(syncs_per_commit), cmocka_unit_test(no_second_try),
        cmocka_unit_test(checkpoint_fails), cmocka_unit_test(reads_fail),
    };

    faulty_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
