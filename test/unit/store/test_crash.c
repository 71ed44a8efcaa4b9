/* test_crash.c: kill -9 at any moment loses nothing that was acknowledged, leaves no half of a
 * write-set and lets no sequence number come twice.
 *
 * A child commits in a loop and tells through a pipe what was acknowledged; it is killed and the
 * file looked at.
 */
#include "harness.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20, OUTSTANDING = 24, REPORTS_MAX = 200000, LIFE_MAX_MS = 60 };

struct report {
    uint64_t n, seq_to, seq_from;
};

/* ---- The child ------------------------------------------------------------------------------- */

struct flight {
    struct write_set set;
    uint64_t n;
    struct child *child;
};

struct child {
    struct store *store;
    int pipe;
    uint64_t next;
    int64_t alice, bob;
    struct mutex lock;
    struct condition wake;
    struct list finished;
};

static void child_deliver(void *ctx, unsigned home, struct list *ops)
{
    struct child *child = ctx;

    (void)home;
    mutex_lock(&child->lock);
    list_splice(&child->finished, ops);
    condition_wake_one(&child->wake);
    mutex_unlock(&child->lock);
}

/* A message for two and a roster version: three owners' worth of rows, all or nothing. */
static void child_submit(struct child *child)
{
    struct flight *f = mem_alloc(sizeof *f);
    struct row *row;

    f->n = ++child->next;
    row = write_set_add(&f->set, ROW_MESSAGE, 0);
    row->message.at_ms = f->n;
    row->message.body = arena_printf(&f->set.op.arena, "message %llu", (unsigned long long)f->n);
    row->message.entry[0] =
        (struct archive_entry){ .account = child->alice, .peer = STR("bob@sotto.test/x") };
    row->message.entry[1] =
        (struct archive_entry){ .account = child->bob, .peer = STR("alice@sotto.test") };
    row = write_set_add(&f->set, ROW_ROSTER, child->alice);
    row->roster.jid = STR("bob@sotto.test");
    row->roster.version = f->n;
    store_commit(child->store, &f->set);
}

static void child_report(struct child *child, struct flight *f)
{
    const struct archive_entry *entries = f->set.first->message.entry;
    struct report report = { f->n, entries[0].seq, entries[1].seq };

    if (f->set.op.result != ERR_NONE
        || write(child->pipe, &report, sizeof report) != (ssize_t)sizeof report)
        _exit(1);
    arena_deinit(&f->set.op.arena);
    mem_free(f);
}

/* Never returns: it is killed. */
static void child_main(const struct harness *h, int64_t alice, int64_t bob, uint64_t last, int pipe)
{
    struct child child = { .pipe = pipe, .next = last, .alice = alice, .bob = bob };
    struct store_options options = h->options;
    struct arena arena = { 0 };
    struct str why;

    mutex_init(&child.lock);
    condition_init(&child.wake);
    list_init(&child.finished);
    options.inline_run = false;
    options.deliver = child_deliver;
    options.deliver_ctx = &child;
    if (store_open(&options, &child.store, &why, &arena) != ERR_NONE)
        _exit(1);
    for (unsigned i = 0; i < OUTSTANDING; i++)
        child_submit(&child);
    for (;;) {
        struct list done;
        struct link *item;

        list_init(&done);
        mutex_lock(&child.lock);
        while (list_empty(&child.finished))
            condition_wait(&child.wake, &child.lock);
        list_splice(&done, &child.finished);
        mutex_unlock(&child.lock);
        while ((item = list_pop(&done)) != NULL) {
            child_report(&child, CONTAINER_OF(LIST_ENTRY(item, struct store_op, link),
                                              struct flight, set.op));
            child_submit(&child);
        }
        if (child.next % 500
            < OUTSTANDING) /* the log is emptied now and then, also in mid-flight */
            store_expire(child.store, 1);
    }
}

/* ---- The parent ------------------------------------------------------------------------------ */

struct witness {
    struct report *reports; /* of all rounds */
    size_t n;
    uint64_t random;
};

static void collect(struct witness *w, int pipe)
{
    struct report report;
    ssize_t got;

    while ((got = read(pipe, &report, sizeof report)) == (ssize_t)sizeof report) {
        assert_true(w->n < REPORTS_MAX);
        w->reports[w->n++] = report;
    }
    assert_int_equal(got, 0); /* a report is written in one piece */
}

static unsigned random_ms(struct witness *w)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->random >> 33) % LIFE_MAX_MS;
}

/* The child lives until something is acknowledged and a random while longer. */
static void live_and_die(struct witness *w, const struct harness *h, int64_t alice, int64_t bob,
                         uint64_t last)
{
    int ends[2], status;
    struct report first;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child_main(h, alice, bob, last, ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &first, sizeof first), sizeof first);
    w->reports[w->n++] = first;
    usleep(random_ms(w) * 1000);
    kill(pid, SIGKILL);
    collect(w, ends[0]);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_integrity(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *s;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(s, 0), "ok");
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static struct call *whole_archive(struct harness *h, int64_t account)
{
    struct call *c = call_new(h);

    c->query.in.archive = (struct archive_query){ .account = account, .max = UINT32_MAX - 1 };
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    return c;
}

/* Messages stand in the order of their numbers, so both lists can be walked along. */
static void check_reports(const struct witness *w, const struct call *archive, bool to)
{
    const struct archive_result *results = archive->query.out.archive.results;
    size_t n = archive->query.out.archive.count, at = 0;

    for (size_t i = 0; i < w->n; i++) {
        uint64_t seq = to ? w->reports[i].seq_to : w->reports[i].seq_from;

        while (at < n && results[at].seq < seq)
            at++;
        assert_true(at < n && results[at].seq == seq);
        assert_int_equal(results[at].at_ms, w->reports[i].n);
    }
}

/* Returns the highest message number in the store, acknowledged or not. */
static uint64_t check_store(const struct witness *w, struct harness *h, int64_t alice, int64_t bob)
{
    struct call *a = whole_archive(h, alice), *b = whole_archive(h, bob), *view = call_new(h);
    size_t n = a->query.out.archive.count;

    assert_int_equal(b->query.out.archive.count, n);
    for (size_t i = 0; i < n; i++)
        assert_true(
            str_eq(a->query.out.archive.results[i].body, b->query.out.archive.results[i].body));
    check_reports(w, a, true);
    check_reports(w, b, false);
    view->query.in.account.local = STR("alice");
    view->query.in.account.domain = STR("sotto.test");
    assert_int_equal(ask(view, QUERY_ACCOUNT), ERR_NONE);
    assert_int_equal(view->query.out.account.roster_version,
                     a->query.out.archive.results[n - 1].at_ms);
    arena_deinit(&b->op.arena);
    return view->query.out.account.roster_version;
}

static void kill_9(void **state)
{
    struct harness *h = harness_new(IN_FILE_INLINE);
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct witness w = { .reports = mem_alloc(REPORTS_MAX * sizeof *w.reports), .random = 2024 };
    uint64_t last = 0;

    (void)state;
    h->options.retention_days = -1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        store_close(h->store);
        h->store = NULL;
        live_and_die(&w, h, alice, bob, last);
        check_integrity(h->path);
        harness_reopen(h);
        last = check_store(&w, h, alice, bob);
    }
    print_message("%zu acknowledged, %llu written\n", w.n, (unsigned long long)last);
    assert_string_equal(h->fatal, "");
    mem_free(w.reports);
    harness_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(kill_9) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
