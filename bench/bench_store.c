/* bench_store.c: archived messages per second, CPU per message and time to the acknowledgement, by
 * the number of messages that wait at once; then the time of one page of an archive and of one
 * account's view.
 *
 * One message is what a chat message costs: a body of 885 octets and an entry for each of two
 * owners, out of 10,000.
 * usage: bench_store [FOLDER [MESSAGES]]   (default: a new folder in /tmp, 100,000)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "io/thread.h"
#include "server/store.h"

enum {
    OWNERS = 10000,
    BODY = 885,
    MESSAGES = 100000,
    OUTSTANDING_MAX = 2000,
    QUERIES = 5000,
    PAGE = 50
};

static const unsigned rounds[] = { 1, 64, 512, 2000 };

struct slot {
    struct write_set set;
    struct bench *bench;
    double submitted;
    bool busy;
};

struct bench {
    struct store *store;
    struct mutex lock;
    struct condition wake;
    struct list finished; /* back from the store, to be submitted again */
    double writer_cpu;    /* of the store's writer, at the last completion */
    int64_t accounts[OWNERS];
    struct str names[OWNERS];
    struct arena arena;
    uint64_t random;
    char body[BODY];
    struct slot slots[OUTSTANDING_MAX];
    double *latencies;
    size_t acks;
};

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double process_cpu(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
           + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Completions of write-sets come on the writer's thread, so its clock can be read here. */
static void on_deliver(void *ctx, unsigned home, struct list *ops)
{
    struct bench *b = ctx;

    (void)home;
    mutex_lock(&b->lock);
    b->writer_cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    list_splice(&b->finished, ops);
    condition_wake_one(&b->wake);
    mutex_unlock(&b->lock);
}

static void die(const char *what)
{
    fprintf(stderr, "bench_store: %s\n", what);
    exit(1);
}

static void wait_finished(struct bench *b, struct list *out)
{
    list_init(out);
    mutex_lock(&b->lock);
    while (list_empty(&b->finished))
        condition_wait(&b->wake, &b->lock);
    list_splice(out, &b->finished);
    mutex_unlock(&b->lock);
}

/* One write-set for all accounts. */
static void make_accounts(struct bench *b)
{
    struct write_set set = { 0 };
    struct row *row;
    struct list done;

    for (unsigned i = 0; i < OWNERS; i++) {
        row = write_set_add(&set, ROW_ACCOUNT_NEW, 0);
        row->account_new.local = arena_printf(&b->arena, "user%u", i);
        row->account_new.domain = STR("bench.test");
        b->names[i] = arena_printf(&b->arena, "user%u@bench.test", i);
    }
    store_commit(b->store, &set);
    wait_finished(b, &done);
    if (set.op.result != ERR_NONE)
        die("accounts cannot be made");
    row = set.first;
    for (unsigned i = 0; i < OWNERS; i++, row = row->next)
        b->accounts[i] = row->account;
    arena_deinit(&set.op.arena);
}

static unsigned below(struct bench *b, unsigned n)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return (unsigned)((b->random >> 20) % n);
}

static void submit(struct bench *b, struct slot *slot)
{
    unsigned to = below(b, OWNERS), from = below(b, OWNERS);
    struct row *row;

    slot->set = (struct write_set){ 0 };
    row = write_set_add(&slot->set, ROW_MESSAGE, 0);
    row->message.at_ms = (uint64_t)(seconds(CLOCK_REALTIME) * 1000);
    row->message.body = (struct str){ b->body, BODY };
    memcpy(row->message.origin, &b->random, sizeof b->random);
    row->message.entry[0] =
        (struct archive_entry){ .account = b->accounts[to], .peer = b->names[from] };
    row->message.entry[1] = (struct archive_entry){ .account = b->accounts[from],
                                                    .peer = b->names[to],
                                                    .flags = ENTRY_SENT };
    slot->submitted = seconds(CLOCK_MONOTONIC);
    store_commit(b->store, &slot->set);
}

static void take_acks(struct bench *b, struct list *done, size_t messages, size_t *submitted)
{
    double now = seconds(CLOCK_MONOTONIC);
    struct link *item;

    while ((item = list_pop(done)) != NULL) {
        struct slot *slot =
            CONTAINER_OF(LIST_ENTRY(item, struct store_op, link), struct slot, set.op);

        if (slot->set.op.result != ERR_NONE)
            die("a message was not archived");
        b->latencies[b->acks++] = now - slot->submitted;
        arena_deinit(&slot->set.op.arena);
        if (*submitted < messages) {
            submit(b, slot);
            ++*submitted;
        }
    }
}

static int order_of_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void run_round(struct bench *b, unsigned outstanding, size_t messages)
{
    double wall = seconds(CLOCK_MONOTONIC), writer = b->writer_cpu, process = process_cpu();
    size_t submitted = 0;
    struct list done;

    b->acks = 0;
    while (submitted < outstanding && submitted < messages)
        submit(b, &b->slots[submitted++]);
    while (b->acks < messages) {
        wait_finished(b, &done);
        take_acks(b, &done, messages, &submitted);
    }
    wall = seconds(CLOCK_MONOTONIC) - wall;
    qsort(b->latencies, b->acks, sizeof *b->latencies, order_of_doubles);
    printf("%11u %10.0f %14.1f %15.1f %10.2f %10.2f\n", outstanding, (double)messages / wall,
           (b->writer_cpu - writer) * 1e6 / (double)messages,
           (process_cpu() - process) * 1e6 / (double)messages, b->latencies[b->acks / 2] * 1e3,
           b->latencies[b->acks * 99 / 100] * 1e3);
    fflush(stdout);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void fill_query(struct bench *b, struct store_query *q, unsigned owner)
{
    if (q->kind == QUERY_ARCHIVE) {
        q->in.archive =
            (struct archive_query){ .account = b->accounts[owner], .max = PAGE, .newest = true };
        return;
    }
    q->in.account.local = str_slice(b->names[owner], 0, str_find(b->names[owner], '@'));
    q->in.account.domain = STR("bench.test");
}

static void run_queries(struct bench *b, enum query_kind kind, const char *name)
{
    double cpu = process_cpu();
    struct list done;

    for (b->acks = 0; b->acks < QUERIES;) {
        struct store_query q = { .kind = kind };
        double start = seconds(CLOCK_MONOTONIC);

        fill_query(b, &q, below(b, OWNERS));
        store_query(b->store, &q);
        wait_finished(b, &done);
        if (q.op.result != ERR_NONE)
            die("a query failed");
        b->latencies[b->acks++] = seconds(CLOCK_MONOTONIC) - start;
        arena_deinit(&q.op.arena);
    }
    qsort(b->latencies, b->acks, sizeof *b->latencies, order_of_doubles);
    printf("%s: p50 %.3f ms, p99 %.3f ms, %.0f us CPU\n", name, b->latencies[b->acks / 2] * 1e3,
           b->latencies[b->acks * 99 / 100] * 1e3, (process_cpu() - cpu) * 1e6 / QUERIES);
}

int main(int argc, char **argv)
{
    static struct bench b;
    static char made[] = "/tmp/bench-store-XXXXXX";
    const char *folder = argc > 1 ? argv[1] : mkdtemp(made);
    size_t messages = argc > 2 ? strtoul(argv[2], NULL, 10) : MESSAGES;
    struct str why = STR("");
    struct store_options options = { .url = arena_printf(&b.arena, "sqlite:%s/store.db",
                                                         folder ? folder : "."),
                                     .readers = 1,
                                     .retention_days = -1,
                                     .deliver = on_deliver,
                                     .deliver_ctx = &b };

    mutex_init(&b.lock);
    condition_init(&b.wake);
    list_init(&b.finished);
    b.random = 88172645463325252u;
    b.latencies = mem_alloc((messages > QUERIES ? messages : QUERIES) * sizeof *b.latencies);
    memset(b.body, 'x', sizeof b.body);
    if (store_open(&options, &b.store, &why, &b.arena) != ERR_NONE)
        die(why.p);
    make_accounts(&b);
    printf("outstanding messages/s writer us/msg process us/msg ack p50 ms ack p99 ms\n");
    for (size_t i = 0; i < COUNT_OF(rounds); i++)
        run_round(&b, rounds[i], rounds[i] == 1 ? messages / 10 : messages);
    run_queries(&b, QUERY_ARCHIVE, "newest 50 of an archive");
    run_queries(&b, QUERY_ACCOUNT, "view of an account");
    store_close(b.store);
    mem_free(b.latencies);
    arena_deinit(&b.arena);
    return 0;
}
