/* harness.c: see harness.h. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE = 2000 }; /* polls of housekeeping, 5 ms apart */

static void on_deliver(void *ctx, unsigned home, struct list *ops)
{
    struct harness *h = ctx;
    struct link *item;

    mutex_lock(&h->lock);
    h->deliveries++;
    mutex_unlock(&h->lock);
    while ((item = list_pop(ops)) != NULL) {
        struct store_op *op = LIST_ENTRY(item, struct store_op, link);

        assert_int_equal(op->home, home);
        op->done(op);
    }
}

static void on_fatal(void *ctx, const char *sentence)
{
    struct harness *h = ctx;

    mutex_lock(&h->lock);
    assert_string_equal(h->fatal, "");
    snprintf(h->fatal, sizeof h->fatal, "%s", sentence);
    mutex_unlock(&h->lock);
}

static void on_refused(void *ctx, const char *sentence)
{
    struct harness *h = ctx;

    assert_string_not_equal(sentence, "");
    mutex_lock(&h->lock);
    h->refused++;
    mutex_unlock(&h->lock);
}

bool harness_on_disk(const struct harness *h)
{
    return h->way == IN_FILE_INLINE || h->way == IN_FILE_THREADED;
}

static bool is_inline(const struct harness *h)
{
    return h->way == IN_FILE_INLINE || h->way == IN_MEMORY_INLINE;
}

enum err harness_open(struct harness *h, struct str *why)
{
    return store_open(&h->options, &h->store, why, &h->arena);
}

static void open_or_fail(struct harness *h)
{
    struct str why = STR("");

    if (harness_open(h, &why) != ERR_NONE)
        fail_msg("%.*s", STR_ARG(why));
}

/* In memory where the system has a place for it: what is tested is the process, not the disk. */
static void make_folder(struct harness *h)
{
    snprintf(h->folder, sizeof h->folder, "%s/sotto-store-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(h->folder));
}

struct harness *harness_new(enum way way)
{
    struct harness *h = mem_alloc(sizeof *h);

    h->way = way;
    mutex_init(&h->lock);
    condition_init(&h->done);
    make_folder(h);
    snprintf(h->path, sizeof h->path, "%s/store.db", h->folder);
    h->options = (struct store_options){
        .url = harness_on_disk(h) ? arena_printf(&h->arena, "sqlite:%s", h->path)
                                  : STR("sqlite::memory:"),
        .readers = 2,
        .inline_run = is_inline(h),
        .retention_days = 30,
        .deliver = on_deliver,
        .deliver_ctx = h,
        .fatal = on_fatal,
        .refused = on_refused,
        .trouble_ctx = h,
    };
    open_or_fail(h);
    return h;
}

static void remove_file(const struct harness *h, const char *suffix)
{
    char path[100];

    snprintf(path, sizeof path, "%s%s", h->path, suffix);
    unlink(path);
}

void harness_free(struct harness *h)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".copy" };

    store_close(h->store);
    for (struct call *c = h->calls; c != NULL; c = c->older)
        arena_deinit(&c->op.arena);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        remove_file(h, suffixes[i]);
    rmdir(h->folder);
    condition_deinit(&h->done);
    mutex_deinit(&h->lock);
    arena_deinit(&h->arena);
    mem_free(h);
}

void harness_reopen(struct harness *h)
{
    if (!harness_on_disk(h))
        return;
    store_close(h->store);
    h->store = NULL;
    open_or_fail(h);
}

static void finished(struct store_op *op)
{
    struct call *c = CONTAINER_OF(op, struct call, op);
    struct harness *h = c->harness;

    mutex_lock(&h->lock);
    c->finished = true;
    c->order = ++h->completions;
    condition_wake_all(&h->done);
    mutex_unlock(&h->lock);
}

struct call *call_new(struct harness *h)
{
    struct call *c = ARENA_NEW(&h->arena, struct call);

    c->harness = h;
    c->older = h->calls;
    h->calls = c;
    c->op.done = finished;
    return c;
}

struct row *call_row(struct call *c, enum row_kind kind, int64_t account)
{
    return write_set_add(&c->set, kind, account);
}

void call_submit(struct call *c)
{
    store_commit(c->harness->store, &c->set);
}

void call_ask(struct call *c, enum query_kind kind)
{
    c->query.kind = kind;
    store_query(c->harness->store, &c->query);
}

enum err call_wait(struct call *c)
{
    struct harness *h = c->harness;

    if (is_inline(h)) {
        while (!c->finished)
            store_step(h->store);
        return c->op.result;
    }
    mutex_lock(&h->lock);
    while (!c->finished)
        condition_wait_ms(&h->done, &h->lock, 1000);
    mutex_unlock(&h->lock);
    return c->op.result;
}

enum err commit(struct call *c)
{
    call_submit(c);
    return call_wait(c);
}

enum err ask(struct call *c, enum query_kind kind)
{
    call_ask(c, kind);
    return call_wait(c);
}

/* Housekeeping tells nobody that it is over; the tally of what it removes does. */
void harness_settle(struct harness *h, uint64_t entries)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        struct call *c = call_new(h);

        while (is_inline(h) && store_step(h->store))
            continue;
        assert_int_equal(ask(c, QUERY_STATS), ERR_NONE);
        if (c->query.out.stats.entries == entries)
            return;
        usleep(5000);
    }
    fail_msg("housekeeping does not end");
}

int64_t make_account(struct harness *h, const char *local)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_ACCOUNT_NEW, 0);

    row->account_new.local = str_from(local);
    row->account_new.domain = STR("sotto.test");
    row->account_new.created_ms = 1000;
    assert_int_equal(commit(c), ERR_NONE);
    assert_true(row->account > 0);
    return row->account;
}

struct row *add_message(struct call *c, int64_t to, const char *from_jid, int64_t from,
                        const char *to_jid, uint64_t at_ms, struct str body)
{
    struct row *row = call_row(c, ROW_MESSAGE, 0);

    row->message.at_ms = at_ms;
    row->message.body = body;
    row->message.entry[0] = (struct archive_entry){ .account = to, .peer = str_from(from_jid) };
    row->message.entry[1] =
        (struct archive_entry){ .account = from, .peer = str_from(to_jid), .flags = ENTRY_SENT };
    return row;
}

struct run {
    const struct store_test *test;
    enum way way;
};

static void run_one(void **state)
{
    const struct run *run = *state;
    struct harness *h = harness_new(run->way);

    run->test->run(h);
    assert_string_equal(h->fatal, "");
    harness_free(h);
}

int harness_run(const struct store_test *tests, size_t n)
{
    static const char *const ways[WAY_COUNT] = { "file inline", "file threaded", "memory inline",
                                                 "memory threaded" };
    struct arena arena = { 0 };
    struct CMUnitTest *list = arena_alloc(&arena, n * WAY_COUNT * sizeof *list);
    int failures;

    for (size_t i = 0; i < n * WAY_COUNT; i++) {
        struct run *run = ARENA_NEW(&arena, struct run);

        *run = (struct run){ &tests[i / WAY_COUNT], (enum way)(i % WAY_COUNT) };
        list[i] =
            (struct CMUnitTest){ arena_printf(&arena, "%s, %s", run->test->name, ways[run->way]).p,
                                 run_one, NULL, NULL, run };
    }
    failures = _cmocka_run_group_tests("store", list, n * WAY_COUNT, NULL, NULL);
    arena_deinit(&arena);
    return failures;
}

const struct device_record *devices_of(struct harness *h, int64_t account, const char *resource,
                                       size_t expected)
{
    struct call *c = call_new(h);

    c->query.in.devices.account = account;
    c->query.in.devices.resource = str_from(resource);
    assert_int_equal(ask(c, QUERY_DEVICES), ERR_NONE);
    assert_int_equal(c->query.out.devices.count, expected);
    return c->query.out.devices.devices;
}
