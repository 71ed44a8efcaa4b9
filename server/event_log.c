/* event_log.c: from what homes tell to lines on disk. */
#include "server/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "io/loop.h"
#include "io/thread.h"
#include "server/event_book.h"
#include "server/event_keys.h"

enum { SWEEP_MS = 5000, COMPLAIN_MS = 60 * 1000, QUESTION_MS = 30 * 1000 };

/* On its way to the thread. The texts lie behind it. */
struct told_event {
    struct link link;
    struct event event;
    struct event_call call;
    uint8_t ip[16];
    bool has_ip;
    const char *transport;
    uint64_t caps, order;
    size_t text_bytes;
    char texts[];
};

struct event_log {
    struct loop *loop;
    struct thread *thread;
    struct inbox *told, *questions;
    struct timer *sweep;
    struct log *log;
    int folder_fd, keys_fd;
    struct event_keys keys;
    struct event_book book;
    struct event_file file;
    struct list waiting_questions;
    bool open, dirty;
    bool fresh;             /* lines that those who wait have not been told */
    uint64_t now_s;         /* of what the thread is doing */
    uint64_t complained_ms; /* 0: never */
    atomic_uint_fast64_t waiting, dropped;
};

/* ---- Any thread ------------------------------------------------------------------------------------ */

/* A hash that stands for a text which many clients share: which software it is. */
static uint64_t hash_of(struct str text)
{
    uint8_t octets[HASH_SIZE_MAX];
    uint64_t value = 0;

    hash_digest(HASH_SHA256, bytes_of_str(text), octets);
    for (int i = 0; i < 8; i++)
        value = value << 8 | octets[i];
    return value;
}

static struct str put_text(char **at, struct str text)
{
    struct str copy = { *at, text.n };

    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return copy;
}

static struct told_event *copy(const struct event *event, const struct event_source *source)
{
    size_t n = event->actor.n + event->target.n;
    struct told_event *t = mem_alloc(sizeof *t + n);
    char *at = t->texts;

    t->event = *event;
    t->event.actor = put_text(&at, event->actor);
    t->event.target = put_text(&at, event->target);
    t->text_bytes = n;
    if (event->call != NULL) {
        t->call = *event->call;
        t->event.call = &t->call;
    }
    t->has_ip = source->ip != NULL;
    if (t->has_ip)
        memcpy(t->ip, source->ip, sizeof t->ip);
    t->transport = source->transport;
    t->caps = source->traits.caps.n > 0 ? hash_of(source->traits.caps) : 0;
    t->order = source->traits.order;
    return t;
}

void event_log_tell(struct event_log *e, const struct event *event,
                    const struct event_source *source)
{
    if (!e->open)
        return;
    if (atomic_fetch_add_explicit(&e->waiting, 1, memory_order_relaxed) >= EVENT_LOG_WAITING) {
        atomic_fetch_sub_explicit(&e->waiting, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&e->dropped, 1, memory_order_relaxed);
        return;
    }
    inbox_post(e->told, &copy(event, source)->link);
}

uint64_t event_log_dropped(const struct event_log *e)
{
    return atomic_load_explicit(&e->dropped, memory_order_relaxed);
}

void event_log_ask(struct event_log *e, struct event_question *q)
{
    inbox_post(e->questions, &q->link);
}

/* ---- The thread ------------------------------------------------------------------------------------ */

/* It may come with every event, but the log lies on a disk, too. */
static void complain(struct event_log *e, enum err why)
{
    uint64_t now_ms = clock_steady_ms();

    if (e->complained_ms != 0 && now_ms - e->complained_ms < COMPLAIN_MS)
        return;
    e->complained_ms = now_ms;
    LOG(e->log, WARN, "events.dropped", log_text("reason", str_from(err_text(why))),
        log_int("dropped", (int64_t)event_log_dropped(e)));
}

static void write_line(struct event_log *e, struct event_line *l)
{
    enum err why = event_file_append(&e->file, l, e->now_s);

    if (why == ERR_NONE) {
        e->dirty = e->fresh = true;
        return;
    }
    atomic_fetch_add_explicit(&e->dropped, l->n, memory_order_relaxed);
    complain(e, why);
}

static struct event_line line_of(const struct event_log *e, const struct told_event *t)
{
    struct event_line l = {
        .time_s = e->now_s,
        .n = t->event.n > 0 ? t->event.n : 1,
        .reason = t->event.reason,
        .rule = str_from(t->event.rule),
        .actor = event_keys_account(&e->keys, t->event.actor),
        .target = event_keys_account(&e->keys, t->event.target),
        .net.ip24 = t->has_ip ? event_keys_network(&e->keys, t->ip) : 0,
        .cli.transport = str_from(t->transport),
        .cli.caps_hash = t->caps,
        .cli.feat_order_hash = t->order,
        .size_bucket = event_size_bucket(t->event.bytes),
        .has_call = t->event.call != NULL,
        .call = t->call,
    };

    if (l.actor != 0 || l.target != 0)
        l.era = e->keys.era;
    return l;
}

/* ---- Questions ------------------------------------------------------------------------------------- */

static void answer(struct event_log *e, struct event_question *q)
{
    q->result = e->open ? event_file_query(&e->file, &q->query, &q->lines) : ERR_NONE;
    if (q->lines.failed && q->result == ERR_NONE)
        q->result = ERR_TOO_BIG;
    if (q->wait && q->result == ERR_NONE && q->lines.n == 0 && clock_steady_ms() < q->until_ms)
        list_add(&e->waiting_questions, &q->link);
    else
        inbox_post(q->inbox, &q->reply);
}

static void questions_came(void *ctx, struct list *items)
{
    for (struct link *link; (link = list_pop(items)) != NULL;) {
        struct event_question *q = LIST_ENTRY(link, struct event_question, link);

        q->until_ms = clock_steady_ms() + QUESTION_MS;
        answer(ctx, q);
    }
}

static void answer_waiting(struct event_log *e)
{
    struct list waiting;

    list_init(&waiting);
    list_splice(&waiting, &e->waiting_questions);
    for (struct link *link; (link = list_pop(&waiting)) != NULL;)
        answer(e, LIST_ENTRY(link, struct event_question, link));
    e->fresh = false;
}

/* ---- Events ---------------------------------------------------------------------------------------- */

static void told_came(void *ctx, struct list *items)
{
    struct event_log *e = ctx;

    e->now_s = clock_wall_ms() / 1000;
    event_keys_turn(&e->keys, e->now_s);
    for (struct link *link; (link = list_pop(items)) != NULL;) {
        struct told_event *t = LIST_ENTRY(link, struct told_event, link);
        struct event_line l = line_of(e, t);

        secure_zero(t, sizeof *t + t->text_bytes);
        mem_free(t);
        atomic_fetch_sub_explicit(&e->waiting, 1, memory_order_relaxed);
        if (event_book_note(&e->book, &l))
            write_line(e, &l);
    }
    if (e->fresh)
        answer_waiting(e);
}

static void write_due(struct event_log *e, uint64_t now_s)
{
    struct event_line l;

    while (event_book_due(&e->book, now_s, &l))
        write_line(e, &l);
    if (e->dirty)
        event_file_sync(&e->file);
    e->dirty = false;
}

static void sweep(void *ctx)
{
    struct event_log *e = ctx;

    e->now_s = clock_wall_ms() / 1000;
    if (e->open) {
        event_keys_turn(&e->keys, e->now_s);
        write_due(e, e->now_s);
        event_file_expire(&e->file, e->now_s);
    }
    answer_waiting(e);
    timer_start(e->sweep, SWEEP_MS);
}

static void run(void *ctx)
{
    struct event_log *e = ctx;

    sweep(e);
    loop_run(e->loop);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

static int open_folder(int at_fd, const char *name)
{
    if (mkdirat(at_fd, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Without `days` nothing is kept, and what was is gone. */
static void open_files(struct event_log *e, const struct event_log_options *options)
{
    enum err why = ERR_IO;

    e->folder_fd = open_folder(options->data_dir_fd, "events");
    e->keys_fd = e->folder_fd >= 0 ? open_folder(e->folder_fd, "keys") : -1;
    if (e->keys_fd >= 0)
        why = event_file_open(&e->file, e->folder_fd, options->days);
    if (why != ERR_NONE)
        LOG(e->log, ERROR, "events.failed", log_text("reason", str_from(err_text(why))));
    e->open = why == ERR_NONE && options->days > 0;
    event_keys_init(&e->keys, e->keys_fd, &options->random, options->keys);
    if (why == ERR_NONE && options->days == 0) {
        event_file_expire(&e->file, clock_wall_ms() / 1000);
        event_keys_end(&e->keys);
    }
}

struct event_log *event_log_new(const struct event_log_options *options)
{
    struct event_log *e = mem_alloc(sizeof *e);
    uint64_t seed[2];

    e->log = options->log;
    e->loop = loop_new();
    e->told = inbox_new(e->loop, told_came, e);
    e->questions = inbox_new(e->loop, questions_came, e);
    e->sweep = timer_new(e->loop, sweep, e);
    list_init(&e->waiting_questions);
    e->file.fd = -1;
    random_fill(&options->random, seed, sizeof seed);
    event_book_init(&e->book, seed);
    open_files(e, options);
    if (thread_start("events", run, e, &e->thread) == ERR_NONE)
        return e;
    event_log_free(e);
    return NULL;
}

void event_log_free(struct event_log *e)
{
    if (e == NULL)
        return;
    loop_stop(e->loop);
    thread_join(e->thread);
    inbox_free(e->told); /* and takes what is left */
    inbox_free(e->questions);
    timer_free(e->sweep);
    if (e->open)
        write_due(e, UINT64_MAX);
    for (struct link *l; (l = list_pop(&e->waiting_questions)) != NULL;) {
        struct event_question *q = LIST_ENTRY(l, struct event_question, link);

        inbox_post(q->inbox, &q->reply);
    }
    event_file_close(&e->file);
    event_book_deinit(&e->book);
    if (e->keys_fd >= 0)
        close(e->keys_fd);
    if (e->folder_fd >= 0)
        close(e->folder_fd);
    loop_free(e->loop);
    mem_free(e);
}
