/* throttle.c: token buckets as one number (the time at which the bucket will be full again), and the table of them. */
#include "server/throttle.h"

struct throttle_entry {
    struct link recent; /* unlinked while something is held */
    uint64_t key;       /* the map's key is its octets */
    struct bucket bucket;
    size_t held;
};

/* ---- One bucket ------------------------------------------------------------------------------------ */

enum { US_PER_MS = 1000, US_PER_S = 1000 * 1000 };

/* What n tokens take to come back; more than two buckets are never counted. In floating point, because the largest rates
 * of the configuration (2^50 bytes, days) would overflow a product. */
static uint64_t cost_us(const struct rate *r, uint64_t n)
{
    double buckets = (double)n / (double)r->count, whole = (double)r->per_s * US_PER_S;

    return (uint64_t)(whole * (buckets < 2 ? buckets : 2));
}

/* The debt is at most one bucket: however much was taken at once, it is forgotten in twice its time. */
void bucket_take(struct bucket *b, const struct rate *r, uint64_t n, uint64_t now_ms)
{
    uint64_t now_us = now_ms * US_PER_MS, most = now_us + 2 * (uint64_t)r->per_s * US_PER_S;

    if (r->count == 0)
        return;
    if (b->full_at_us < now_us)
        b->full_at_us = now_us;
    b->full_at_us += cost_us(r, n);
    if (b->full_at_us > most)
        b->full_at_us = most;
}

uint64_t bucket_wait_ms(const struct bucket *b, const struct rate *r, uint64_t now_ms)
{
    uint64_t now_us = now_ms * US_PER_MS, whole = (uint64_t)r->per_s * US_PER_S;

    if (r->count == 0 || b->full_at_us + cost_us(r, 1) <= now_us + whole)
        return 0;
    return (b->full_at_us + cost_us(r, 1) - now_us - whole) / US_PER_MS + 1;
}

/* ---- The table ------------------------------------------------------------------------------------- */

void throttle_init(struct throttle *t, size_t room)
{
    *t = (struct throttle){ .room = room };
    map_init(&t->entries, NULL); /* keys are keyed hashes already */
    list_init(&t->recent);
}

static struct str key_text(const uint64_t *key)
{
    return (struct str){ (const char *)key, sizeof *key };
}

void throttle_deinit(struct throttle *t)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&t->entries, &at, &slot);)
        mem_free(slot.value);
    map_deinit(&t->entries);
}

static void forget_oldest(struct throttle *t)
{
    struct throttle_entry *oldest = LIST_ENTRY(list_pop(&t->recent), struct throttle_entry, recent);

    map_remove(&t->entries, key_text(&oldest->key));
    mem_free(oldest);
    t->idle--;
}

static struct throttle_entry *find(const struct throttle *t, uint64_t key)
{
    return map_get(&t->entries, key_text(&key));
}

/* Unlinked; put_back() follows. */
static struct throttle_entry *pick(struct throttle *t, uint64_t key)
{
    struct throttle_entry *e = find(t, key);

    if (e == NULL) {
        e = mem_alloc(sizeof *e);
        e->key = key;
        map_put(&t->entries, key_text(&e->key), e);
    } else if (e->held == 0) {
        list_remove(&e->recent);
        t->idle--;
    }
    return e;
}

static void put_back(struct throttle *t, struct throttle_entry *e)
{
    if (e->held > 0)
        return;
    list_add(&t->recent, &e->recent);
    if (++t->idle > t->room)
        forget_oldest(t);
}

uint64_t throttle_wait_ms(const struct throttle *t, uint64_t key, const struct rate *r,
                          uint64_t now_ms)
{
    const struct throttle_entry *e = find(t, key);

    return e != NULL ? bucket_wait_ms(&e->bucket, r, now_ms) : 0;
}

bool throttle_allows(const struct throttle *t, uint64_t key, const struct rate *r, uint64_t now_ms)
{
    return throttle_wait_ms(t, key, r, now_ms) == 0;
}

void throttle_take(struct throttle *t, uint64_t key, const struct rate *r, uint64_t now_ms)
{
    throttle_take_many(t, key, r, 1, now_ms);
}

void throttle_take_many(struct throttle *t, uint64_t key, const struct rate *r, uint64_t n,
                        uint64_t now_ms)
{
    struct throttle_entry *e;

    if (r->count == 0)
        return;
    e = pick(t, key);
    bucket_take(&e->bucket, r, n, now_ms);
    put_back(t, e);
}

size_t throttle_hold(struct throttle *t, uint64_t key)
{
    return ++pick(t, key)->held;
}

void throttle_release(struct throttle *t, uint64_t key)
{
    struct throttle_entry *e = find(t, key);

    if (e == NULL || e->held == 0)
        return;
    e->held--;
    if (e->held > 0)
        return;
    put_back(t, e);
}

size_t throttle_held(const struct throttle *t, uint64_t key)
{
    const struct throttle_entry *e = find(t, key);

    return e != NULL ? e->held : 0;
}
