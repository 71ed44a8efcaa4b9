/* budget.c: tables of token buckets for what accounts ask of others. */
#include "server/budget.h"

enum {
    ASKERS = 16 * 1024, /* a bucket is about a hundred octets */
    PAIRS = 64 * 1024,
};

/* A target that was asked about within a day is no new one. */
static const struct rate once_a_day = { 1, 24 * 3600 };

/* Nobody mistypes so many. */
static const struct rate names_a_day = { 30, 24 * 3600 };

void budget_init(struct budget *b, const struct random *random)
{
    random_fill(random, b->seed, sizeof b->seed);
    throttle_init(&b->subscriptions, ASKERS);
    throttle_init(&b->targets, ASKERS);
    throttle_init(&b->met, PAIRS);
    throttle_init(&b->keys, PAIRS);
    throttle_init(&b->vain, ASKERS);
}

void budget_deinit(struct budget *b)
{
    throttle_deinit(&b->subscriptions);
    throttle_deinit(&b->targets);
    throttle_deinit(&b->met);
    throttle_deinit(&b->keys);
    throttle_deinit(&b->vain);
}

static bool take(struct throttle *t, uint64_t key, const struct rate *r, uint64_t now_ms)
{
    if (!throttle_allows(t, key, r, now_ms))
        return false;
    throttle_take(t, key, r, now_ms);
    return true;
}

bool budget_subscribe(struct budget *b, const struct settings *s, int64_t account, uint64_t now_ms)
{
    return take(&b->subscriptions, (uint64_t)account, &s->subscriptions_per_account, now_ms);
}

static uint64_t pair_key(const struct budget *b, int64_t account, struct str target)
{
    uint64_t seed[2] = { b->seed[0], b->seed[1] ^ (uint64_t)account };

    return map_hash(seed, target);
}

void budget_vain(struct budget *b, int64_t account, uint64_t now_ms)
{
    throttle_take(&b->vain, (uint64_t)account, &names_a_day, now_ms);
}

bool budget_tells(struct budget *b, int64_t account, uint64_t now_ms)
{
    return throttle_allows(&b->vain, (uint64_t)account, &names_a_day, now_ms);
}

bool budget_fetch(struct budget *b, const struct settings *s, int64_t account, struct str target,
                  bool bundle, uint64_t now_ms)
{
    uint64_t pair = pair_key(b, account, target);

    if (throttle_allows(&b->met, pair, &once_a_day, now_ms)) {
        if (!take(&b->targets, (uint64_t)account, &s->key_targets, now_ms))
            return false;
        throttle_take(&b->met, pair, &once_a_day, now_ms);
    }
    return !bundle || take(&b->keys, pair, &s->keys_per_pair, now_ms);
}
