/* call_budget.c: tables of token buckets for calls. */
#include "server/call_budget.h"

enum {
    PEOPLE = 16 * 1024, /* a bucket is about a hundred octets */
    PAIRS = 64 * 1024,
    MINUTE = 60,
    HOUR = 3600,
    DAY = 24 * 3600,
};

static const struct rate calls_a_minute = { 6, MINUTE }, calls_an_hour = { 40, HOUR };
static const struct rate callees_an_hour = { 10, HOUR }, callees_when_young = { 3, HOUR };
static const struct rate once_an_hour = { 1, HOUR }; /* called again, he is no new one */
static const struct rate strikes_an_hour = { 3, HOUR }, off_for_a_day = { 1, DAY };
static const struct rate unanswered_of_pair = { 3, 10 * MINUTE }, rings_a_minute = { 4, MINUTE };
static const struct rate once_a_day = { 1, DAY }, rows_a_day = { 10, DAY };

void call_budget_init(struct call_budget *b, const struct random *random)
{
    struct throttle *people[] = { &b->minute, &b->hour,  &b->callees, &b->strikes,
                                  &b->off,    &b->rings, &b->rows,    &b->more };
    struct throttle *pairs[] = { &b->met, &b->unanswered, &b->ids, &b->strangers, &b->heard };

    random_fill(random, b->seed, sizeof b->seed);
    for (size_t i = 0; i < COUNT_OF(people); i++)
        throttle_init(people[i], PEOPLE);
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        throttle_init(pairs[i], PAIRS);
}

void call_budget_deinit(struct call_budget *b)
{
    struct throttle *all[] = { &b->minute, &b->hour,       &b->callees, &b->met, &b->strikes,
                               &b->off,    &b->unanswered, &b->rings,   &b->ids, &b->strangers,
                               &b->rows,   &b->more,       &b->heard };

    for (size_t i = 0; i < COUNT_OF(all); i++)
        throttle_deinit(all[i]);
}

static bool take(struct throttle *t, uint64_t key, const struct rate *r, uint64_t now_ms)
{
    if (!throttle_allows(t, key, r, now_ms))
        return false;
    throttle_take(t, key, r, now_ms);
    return true;
}

static uint64_t pair_key(const struct call_budget *b, int64_t account, struct str other)
{
    uint64_t seed[2] = { b->seed[0], b->seed[1] ^ (uint64_t)account };

    return map_hash(seed, other);
}

static uint64_t call_key(const struct call_budget *b, int64_t account, struct str other,
                         struct str id)
{
    uint64_t seed[2] = { b->seed[0], pair_key(b, account, other) };

    return map_hash(seed, id);
}

/* ---- Of who calls ---------------------------------------------------------------------------------- */

enum call_limit call_budget_dial(struct call_budget *b, int64_t caller, struct str callee,
                                 bool young, uint64_t now_ms)
{
    const struct rate *people = young ? &callees_when_young : &callees_an_hour;
    uint64_t key = (uint64_t)caller, pair = pair_key(b, caller, callee);

    if (!throttle_allows(&b->off, key, &off_for_a_day, now_ms))
        return CALL_SUSPENDED;
    if (!throttle_allows(&b->hour, key, &calls_an_hour, now_ms)
        || !take(&b->minute, key, &calls_a_minute, now_ms))
        return CALL_TOO_OFTEN;
    throttle_take(&b->hour, key, &calls_an_hour, now_ms);
    if (!throttle_allows(&b->met, pair, &once_an_hour, now_ms))
        return CALL_ALLOWED;
    if (!take(&b->callees, key, people, now_ms))
        return CALL_TOO_MANY_PEOPLE;
    throttle_take(&b->met, pair, &once_an_hour, now_ms);
    return CALL_ALLOWED;
}

void call_budget_strike(struct call_budget *b, int64_t caller, uint64_t now_ms)
{
    uint64_t key = (uint64_t)caller;

    throttle_take(&b->strikes, key, &strikes_an_hour, now_ms);
    if (!throttle_allows(&b->strikes, key, &strikes_an_hour, now_ms))
        throttle_take(&b->off, key, &off_for_a_day, now_ms);
}

/* ---- Of who is called ------------------------------------------------------------------------------ */

enum call_limit call_budget_ring(struct call_budget *b, int64_t callee, struct str caller,
                                 struct str id, uint64_t now_ms)
{
    uint64_t pair = pair_key(b, callee, caller);

    if (!take(&b->ids, call_key(b, callee, caller, id), &once_a_day, now_ms))
        return CALL_REPEATED;
    if (!throttle_allows(&b->unanswered, pair, &unanswered_of_pair, now_ms))
        return CALL_INSISTING;
    return take(&b->rings, (uint64_t)callee, &rings_a_minute, now_ms) ? CALL_ALLOWED : CALL_CROWDED;
}

void call_budget_unanswered(struct call_budget *b, int64_t callee, struct str caller,
                            uint64_t now_ms)
{
    throttle_take(&b->unanswered, pair_key(b, callee, caller), &unanswered_of_pair, now_ms);
}

void call_budget_hear(struct call_budget *b, int64_t account, struct str other, struct str id,
                      uint64_t now_ms)
{
    throttle_take(&b->heard, call_key(b, account, other, id), &once_a_day, now_ms);
}

bool call_budget_has_heard(const struct call_budget *b, int64_t account, struct str other,
                           struct str id, uint64_t now_ms)
{
    return !throttle_allows(&b->heard, call_key(b, account, other, id), &once_a_day, now_ms);
}

enum stranger_row call_budget_stranger(struct call_budget *b, int64_t callee, struct str stranger,
                                       uint64_t now_ms)
{
    if (!take(&b->strangers, pair_key(b, callee, stranger), &once_a_day, now_ms))
        return STRANGER_SILENT;
    if (take(&b->rows, (uint64_t)callee, &rows_a_day, now_ms))
        return STRANGER_ROW;
    return take(&b->more, (uint64_t)callee, &once_a_day, now_ms) ? STRANGER_MORE : STRANGER_SILENT;
}
