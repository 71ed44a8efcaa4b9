/* remote_calls.c: see remote_calls.h. */
#include "server/remote_calls.h"

#include <string.h>

enum {
    MINUTE_MS = 60 * 1000,
    ACCOUNTS = 16 * 1024, /* a bucket is about a hundred octets */
};

static const struct rate strikes_an_hour = { 3, 3600 }, off_for_a_day = { 1, 24 * 3600 };

struct callee {
    uint64_t hash, at_ms; /* the last call */
};

struct calling_domain {
    struct bucket calls;
    struct callee callees[REMOTE_CALLEES_MINUTE];
    uint64_t until_ms; /* of quarantine */
    size_t name_n;
    char name[];
};

void remote_calls_init(struct remote_calls *r, const struct random *random)
{
    random_fill(random, r->seed, sizeof r->seed);
    map_init(&r->domains, r->seed);
    throttle_init(&r->strikes, ACCOUNTS);
    throttle_init(&r->off, ACCOUNTS);
}

void remote_calls_deinit(struct remote_calls *r)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&r->domains, &at, &slot);)
        mem_free(slot.value);
    map_deinit(&r->domains);
    throttle_deinit(&r->strikes);
    throttle_deinit(&r->off);
}

static struct calling_domain *domain_of(struct remote_calls *r, struct str name)
{
    struct calling_domain *d = map_get(&r->domains, name);

    if (d != NULL)
        return d;
    d = mem_alloc(sizeof *d + name.n);
    d->name_n = name.n;
    memcpy(d->name, name.p, name.n);
    map_put(&r->domains, (struct str){ d->name, d->name_n }, d);
    return d;
}

/* In the place of himself, or of somebody who was not called for a minute. False: there is none. */
static bool note_callee(struct calling_domain *d, uint64_t hash, uint64_t now_ms)
{
    struct callee *place = NULL;

    for (size_t i = 0; i < COUNT_OF(d->callees); i++) {
        struct callee *c = &d->callees[i];

        if (c->at_ms != 0 && c->hash == hash) {
            place = c;
            break;
        }
        if (place == NULL && (c->at_ms == 0 || now_ms - c->at_ms >= MINUTE_MS))
            place = c;
    }
    if (place != NULL)
        *place = (struct callee){ hash, now_ms };
    return place != NULL;
}

bool remote_calls_allow(struct remote_calls *r, struct str domain, struct str callee,
                        uint64_t now_ms)
{
    static const struct rate rate = { REMOTE_CALLS_MINUTE, 60 };
    struct calling_domain *d = domain_of(r, domain);

    if (now_ms < d->until_ms)
        return false;
    if (bucket_wait_ms(&d->calls, &rate, now_ms) > 0
        || !note_callee(d, map_hash(r->seed, callee), now_ms)) {
        d->until_ms = now_ms + REMOTE_QUARANTINE_MS;
        return false;
    }
    bucket_take(&d->calls, &rate, 1, now_ms);
    return true;
}

void remote_calls_strike(struct remote_calls *r, struct str account, uint64_t now_ms)
{
    uint64_t key = map_hash(r->seed, account);

    throttle_take(&r->strikes, key, &strikes_an_hour, now_ms);
    if (!throttle_allows(&r->strikes, key, &strikes_an_hour, now_ms))
        throttle_take(&r->off, key, &off_for_a_day, now_ms);
}

bool remote_calls_struck(const struct remote_calls *r, struct str account, uint64_t now_ms)
{
    return !throttle_allows(&r->off, map_hash(r->seed, account), &off_for_a_day, now_ms);
}
