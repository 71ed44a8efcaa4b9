/* store.c: queues and threads of the store, whatever the engine below.
 *
 * One writer takes all write-sets that queued up while it committed the last ones, up to a cap, and
 * commits them together: the busier, the cheaper. Readers take queries one by one. With inline_run,
 * or an engine that knows one connection only, there are fewer threads or none, and the same
 * functions run in turn.
 */
#include "server/store.h"

#include <assert.h>

#include "io/loop.h"
#include "io/thread.h"
#include "server/store/engine.h"

enum {
    BATCH_MAX =
        512, /* write-sets in one transaction: more gains little and makes the first ones wait */
    READERS_MAX = 16,
    SOON_MS = 500, /* a write-set that nobody waits for waits at most so long for others */
};

struct reader_thread {
    struct store *store;
    struct engine_reader *reader;
    struct thread *thread;
};

struct store {
    struct store_options options;
    struct arena texts; /* of the options */
    const struct engine_kind *kind;
    struct engine *engine;
    struct mutex lock; /* guards all below, up to the empty line */
    struct condition write_wake, read_wake, settled;
    struct list writes, queries;
    uint64_t write_count, query_count; /* of those lists */
    bool urgent;                       /* somebody waits for one of the writes */
    uint64_t soon_ms;                  /* when the others are due; 0: there are none */
    uint64_t tickets, delivered;       /* operations submitted, and done with */
    uint64_t expire_ms;                /* a round of retention is asked for; 0: none */
    bool closing;
    uint64_t queries_done;
    struct store_stats stats; /* but for what is counted above */

    struct store_stats counted;       /* the writer's own, so that nobody waits while it counts */
    struct engine_reader *own_reader; /* where the writer reads too */
    struct thread *writer;
    struct reader_thread readers[READERS_MAX];
    unsigned reader_count;
};

static const struct engine_kind *const engines[] = { &sqlite_engine };

/* ---- Operations ------------------------------------------------------------------------------ */

struct row *write_set_add(struct write_set *w, enum row_kind kind, int64_t account)
{
    struct row *row = ARENA_NEW(&w->op.arena, struct row);

    row->kind = kind;
    row->account = account;
    if (w->last != NULL)
        w->last->next = row;
    else
        w->first = row;
    w->last = row;
    return row;
}

/* Under the lock. */
static void submit(struct store *s, struct list *queue, uint64_t *waiting, struct store_op *op)
{
    assert(!s->closing);
    op->ticket = ++s->tickets;
    list_add(queue, &op->link);
    ++*waiting;
}

void store_commit(struct store *s, struct write_set *w)
{
    w->op.submitted_us = clock_steady_us();
    mutex_lock(&s->lock);
    submit(s, &s->writes, &s->write_count, &w->op);
    s->urgent = true;
    condition_wake_one(&s->write_wake);
    mutex_unlock(&s->lock);
}

void store_commit_soon(struct store *s, struct write_set *w)
{
    w->op.submitted_us = 0; /* nobody waits, so it is no latency */
    mutex_lock(&s->lock);
    submit(s, &s->writes, &s->write_count, &w->op);
    if (s->soon_ms == 0) {
        s->soon_ms = clock_steady_ms() + SOON_MS;
        condition_wake_one(&s->write_wake); /* from now on it waits for a time, too */
    }
    mutex_unlock(&s->lock);
}

void store_query(struct store *s, struct store_query *q)
{
    mutex_lock(&s->lock);
    submit(s, &s->queries, &s->query_count, &q->op);
    condition_wake_one(s->own_reader ? &s->write_wake : &s->read_wake);
    mutex_unlock(&s->lock);
}

/* Under the lock. */
static size_t take(struct list *queue, uint64_t *waiting, size_t max, struct list *out)
{
    size_t n = 0;
    struct link *item;

    list_init(out);
    while (n < max && (item = list_pop(queue)) != NULL) {
        list_add(out, item);
        n++;
    }
    *waiting -= n;
    return n;
}

static void note_delivered(struct store *s, uint64_t n)
{
    mutex_lock(&s->lock);
    s->delivered += n;
    if (s->delivered == s->tickets)
        condition_wake_all(&s->settled);
    mutex_unlock(&s->lock);
}

/* One call per home, each in the order of submission. */
static void deliver(struct store *s, struct list *done)
{
    uint64_t n = 0;

    while (!list_empty(done)) {
        unsigned home = LIST_ENTRY(list_first(done), struct store_op, link)->home;
        struct list of_home;

        list_init(&of_home);
        LIST_EACH (done, item) {
            if (LIST_ENTRY(item, struct store_op, link)->home == home) {
                list_remove(item);
                list_add(&of_home, item);
                n++;
            }
        }
        s->options.deliver(s->options.deliver_ctx, home, &of_home);
    }
    note_delivered(s, n);
}

static struct store_query *query_of(struct link *item)
{
    return CONTAINER_OF(LIST_ENTRY(item, struct store_op, link), struct store_query, op);
}

/* ---- Counting -------------------------------------------------------------------------------- */

static void note_rows(struct store_stats *stats, const struct write_set *w)
{
    for (const struct row *row = w->first; row != NULL; row = row->next) {
        stats->rows[row->kind]++;
        if (row->kind == ROW_UPLOAD && row->upload.done) {
            stats->uploads++;
            stats->upload_bytes += row->upload.size;
        }
    }
}

/* While they are still ours. */
static void note_commit(struct store *s, struct list *writes)
{
    uint64_t now_us = clock_steady_us(), n = 0;
    struct store_stats *stats = &s->counted;

    LIST_EACH (writes, item) {
        const struct store_op *op = LIST_ENTRY(item, struct store_op, link);

        n++;
        if (op->submitted_us > 0)
            histogram_add(&stats->latency_us, now_us - op->submitted_us);
        if (op->result == ERR_NONE)
            note_rows(stats, CONTAINER_OF(op, struct write_set, op));
        else if (!op->by_rule)
            stats->failed++;
    }
    histogram_add(&stats->group, n);
    mutex_lock(&s->lock);
    s->stats = *stats;
    mutex_unlock(&s->lock);
}

void store_stats(struct store *s, struct store_stats *out)
{
    mutex_lock(&s->lock);
    *out = s->stats;
    out->queries = s->queries_done;
    out->writes_waiting = s->write_count;
    out->queries_waiting = s->query_count;
    mutex_unlock(&s->lock);
}

static void answer(struct store *s, struct engine_reader *reader, struct list *queries)
{
    uint64_t n = 0;

    LIST_EACH (queries, item) {
        s->kind->read(reader, query_of(item));
        n++;
    }
    mutex_lock(&s->lock);
    s->queries_done += n;
    mutex_unlock(&s->lock);
    deliver(s, queries);
}

/* ---- Threads --------------------------------------------------------------------------------- */

/* What one turn of the writer works on. */
struct turn {
    struct list writes, queries;
    uint64_t expire_ms;
};

/* Under the lock. Without threads the virtual clock is the only one. */
static bool writes_due(const struct store *s)
{
    return s->urgent || s->closing || s->options.inline_run
           || (s->soon_ms != 0 && clock_steady_ms() >= s->soon_ms);
}

/* Under the lock; false: nothing to do. */
static bool turn_take(struct store *s, struct turn *turn)
{
    size_t n = take(&s->writes, &s->write_count, writes_due(s) ? BATCH_MAX : 0, &turn->writes);

    if (list_empty(&s->writes)) {
        s->urgent = false;
        s->soon_ms = 0;
    }
    list_init(&turn->queries);
    if (s->own_reader != NULL)
        n += take(&s->queries, &s->query_count, SIZE_MAX, &turn->queries);
    turn->expire_ms = s->expire_ms;
    s->expire_ms = 0;
    return n > 0 || turn->expire_ms > 0;
}

/* Returns whether housekeeping remains, which then shares the thread with the next batches. */
static bool turn_run(struct store *s, struct turn *turn)
{
    if (!list_empty(&turn->writes)) {
        s->kind->commit(s->engine, &turn->writes);
        note_commit(s, &turn->writes);
        deliver(s, &turn->writes);
    }
    if (!list_empty(&turn->queries))
        answer(s, s->own_reader, &turn->queries);
    if (turn->expire_ms > 0)
        s->kind->expire(s->engine, turn->expire_ms);
    return s->kind->chore(s->engine);
}

/* Under the lock. */
static void wait_for_work(struct store *s)
{
    uint64_t now;

    if (s->soon_ms == 0) {
        condition_wait(&s->write_wake, &s->lock);
        return;
    }
    now = clock_steady_ms();
    if (s->soon_ms > now)
        condition_wait_ms(&s->write_wake, &s->lock, s->soon_ms - now);
}

static void writer_main(void *ctx)
{
    struct store *s = ctx;
    struct turn turn;
    bool chores = true; /* a crash may have left some */

    mutex_lock(&s->lock);
    for (;;) {
        bool work = turn_take(s, &turn);

        if (!work && s->closing)
            break;
        if (!work && !chores) {
            wait_for_work(s);
            continue;
        }
        mutex_unlock(&s->lock);
        chores = turn_run(s, &turn);
        mutex_lock(&s->lock);
    }
    mutex_unlock(&s->lock);
}

static void reader_main(void *ctx)
{
    struct reader_thread *r = ctx;
    struct store *s = r->store;
    struct list one;

    mutex_lock(&s->lock);
    for (;;) {
        if (take(&s->queries, &s->query_count, 1, &one) > 0) {
            mutex_unlock(&s->lock);
            answer(s, r->reader, &one);
            mutex_lock(&s->lock);
        } else if (s->closing) {
            break;
        } else {
            condition_wait(&s->read_wake, &s->lock);
        }
    }
    mutex_unlock(&s->lock);
}

bool store_step(struct store *s)
{
    struct turn turn;
    bool work;

    assert(s->options.inline_run);
    mutex_lock(&s->lock);
    work = turn_take(s, &turn);
    mutex_unlock(&s->lock);
    return turn_run(s, &turn) || work;
}

void store_expire(struct store *s, uint64_t now_ms)
{
    mutex_lock(&s->lock);
    s->expire_ms = now_ms;
    condition_wake_one(&s->write_wake);
    mutex_unlock(&s->lock);
}

void store_settle(struct store *s)
{
    assert(!s->options.inline_run);
    mutex_lock(&s->lock);
    while (s->delivered != s->tickets)
        condition_wait(&s->settled, &s->lock);
    mutex_unlock(&s->lock);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static const struct engine_kind *engine_for(struct str url)
{
    for (size_t i = 0; i < COUNT_OF(engines); i++)
        if (str_starts(url, str_from(engines[i]->scheme)))
            return engines[i];
    return NULL;
}

static enum err start_reader(struct store *s)
{
    struct reader_thread *r = &s->readers[s->reader_count];
    enum err e;

    r->store = s;
    if ((e = s->kind->reader_open(s->engine, &r->reader)) != ERR_NONE)
        return e;
    if ((e = thread_start("store-read", reader_main, r, &r->thread)) != ERR_NONE) {
        s->kind->reader_close(r->reader);
        return e;
    }
    s->reader_count++;
    return ERR_NONE;
}

static enum err start(struct store *s)
{
    unsigned readers = s->options.readers < READERS_MAX ? s->options.readers : READERS_MAX;
    enum err e = ERR_NONE;

    if (s->options.inline_run || readers == 0 || s->kind->single_thread(s->engine))
        return s->kind->reader_open(s->engine, &s->own_reader);
    while (s->reader_count < readers && e == ERR_NONE)
        e = start_reader(s);
    return e;
}

enum err store_open(const struct store_options *options, struct store **out, struct str *why,
                    struct arena *why_arena)
{
    struct store *s;
    enum err e;
    const struct engine_kind *kind = engine_for(options->url);

    if (kind == NULL) {
        *why = arena_printf(why_arena, "store.url: %.*s is of no kind known here; sqlite:PATH is",
                            STR_ARG(options->url));
        return ERR_UNSUPPORTED;
    }
    s = mem_alloc(sizeof *s);
    s->kind = kind;
    s->options = *options;
    s->options.url = arena_str(&s->texts, options->url);
    mutex_init(&s->lock);
    condition_init(&s->write_wake);
    condition_init(&s->read_wake);
    condition_init(&s->settled);
    list_init(&s->writes);
    list_init(&s->queries);
    if ((e = kind->open(&s->options, &s->engine, why, why_arena)) != ERR_NONE)
        goto failed;
    if ((e = start(s)) == ERR_NONE && !options->inline_run)
        e = thread_start("store-write", writer_main, s, &s->writer);
    if (e != ERR_NONE) {
        *why = arena_printf(why_arena, "the store's threads cannot be started");
        goto failed;
    }
    *out = s;
    return ERR_NONE;
failed:
    store_close(s);
    return e;
}

static void stop_threads(struct store *s)
{
    mutex_lock(&s->lock);
    s->closing = true;
    condition_wake_all(&s->write_wake);
    condition_wake_all(&s->read_wake);
    mutex_unlock(&s->lock);
    thread_join(s->writer);
    for (unsigned i = 0; i < s->reader_count; i++) {
        thread_join(s->readers[i].thread);
        s->kind->reader_close(s->readers[i].reader);
    }
}

/* Without a thread, what is still queued runs here. */
static void finish_queue(struct store *s)
{
    struct turn turn;

    while (s->engine != NULL && turn_take(s, &turn))
        turn_run(s, &turn);
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    stop_threads(s);
    finish_queue(s);
    if (s->own_reader != NULL)
        s->kind->reader_close(s->own_reader);
    if (s->engine != NULL)
        s->kind->close(s->engine);
    condition_deinit(&s->settled);
    condition_deinit(&s->read_wake);
    condition_deinit(&s->write_wake);
    mutex_deinit(&s->lock);
    arena_deinit(&s->texts);
    mem_free(s);
}

enum err store_backup(struct store *s, const char *path)
{
    return s->kind->backup(s->engine, path);
}
