/* event_book.c: repetitions, counted. */
#include "server/event_book.h"

#include <string.h>

#include "base/mem.h"

/* Equal octets, equal events: no padding, and texts by their hash. */
struct kind {
    uint64_t reason, rule, actor, target, network, caps, order, transport, call, size;
};

struct entry {
    struct link link;
    struct kind kind;
    struct event_line line; /* its rule and transport are constants of the program */
    uint64_t since_s, repeated;
};

void event_book_init(struct event_book *b, const uint64_t seed[2])
{
    *b = (struct event_book){ 0 };
    map_init(&b->open, seed);
    list_init(&b->order);
}

static struct str key_of(const struct kind *k)
{
    return (struct str){ (const char *)k, sizeof *k };
}

static void forget(struct event_book *b, struct entry *e)
{
    map_remove(&b->open, key_of(&e->kind));
    list_remove(&e->link);
    mem_free(e);
}

void event_book_deinit(struct event_book *b)
{
    LIST_EACH (&b->order, l)
        forget(b, LIST_ENTRY(l, struct entry, link));
    map_deinit(&b->open);
}

static struct kind kind_of(const struct event_book *b, const struct event_line *l)
{
    return (struct kind){
        .reason = l->reason,
        .rule = map_hash(b->open.seed, l->rule),
        .actor = l->actor,
        .target = l->target,
        .network = l->net.ip24,
        .caps = l->cli.caps_hash,
        .order = l->cli.feat_order_hash,
        .transport = map_hash(b->open.seed, l->cli.transport),
        .call = l->has_call
                    ? (uint64_t)l->call.ring_ms << 32 | (uint64_t)l->call.media << 16
                          | (uint64_t)l->call.phase << 8 | (uint64_t)l->call.outcome << 1 | 1u
                    : 0,
        .size = l->size_bucket,
    };
}

/* Left: who, where and why. */
static void blur(struct event_line *l)
{
    *l = (struct event_line){ .time_s = l->time_s,
                              .n = l->n,
                              .reason = l->reason,
                              .era = l->era,
                              .actor = l->actor,
                              .net.ip24 = l->net.ip24 };
}

static bool source_has_had_enough(struct event_book *b, const struct event_line *l)
{
    uint8_t *lines = &b->lines[(l->actor != 0 ? l->actor : l->net.ip24) % EVENT_BOOK_SLOTS];

    if (l->time_s / EVENT_BOOK_SECONDS != b->minute) {
        b->minute = l->time_s / EVENT_BOOK_SECONDS;
        memset(b->lines, 0, sizeof b->lines);
    }
    if (*lines >= EVENT_BOOK_SOURCE)
        return true;
    ++*lines;
    return false;
}

/* Counted with one that stands already; false: there is none. */
static bool repeats(struct event_book *b, const struct event_line *l)
{
    struct kind kind = kind_of(b, l);
    struct entry *e = map_get(&b->open, key_of(&kind));

    if (e == NULL)
        return false;
    e->repeated += l->n;
    e->line.time_s = l->time_s;
    return true;
}

static void open_entry(struct event_book *b, const struct event_line *l)
{
    struct entry *e = mem_alloc(sizeof *e);

    e->kind = kind_of(b, l);
    e->line = *l;
    e->since_s = l->time_s;
    map_put(&b->open, key_of(&e->kind), e);
    list_add(&b->order, &e->link);
}

bool event_book_note(struct event_book *b, struct event_line *l)
{
    if (repeats(b, l))
        return false;
    if (source_has_had_enough(b, l)) {
        blur(l);
        if (repeats(b, l))
            return false;
    }
    if (b->open.n >= EVENT_BOOK_LINES) {
        l->actor = l->net.ip24 = 0;
        blur(l);
        if (repeats(b, l))
            return false;
    }
    open_entry(b, l);
    return true;
}

bool event_book_due(struct event_book *b, uint64_t now_s, struct event_line *out)
{
    LIST_EACH (&b->order, link) {
        struct entry *e = LIST_ENTRY(link, struct entry, link);
        bool repeated = e->repeated > 0;

        if (now_s >= e->since_s && now_s - e->since_s < EVENT_BOOK_SECONDS)
            break; /* a clock that was set back ends all */
        *out = e->line;
        out->n = e->repeated;
        forget(b, e);
        if (repeated)
            return true;
    }
    return false;
}
