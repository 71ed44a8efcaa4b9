/* throttle.h: token buckets, and a bounded table of them: how often somebody may do something.
 *
 * A bucket holds rate.count tokens and fills again in rate.per_s. Whoever takes more than is left owes it: a bucket
 * that is overdrawn says how long to wait. A rate of count 0 is no limit.
 * The table keeps the buckets that were used last and forgets the others; a forgotten bucket is a full one. What is
 * held (open connections) is never forgotten.
 * Owns: its entries.  Threads: one at a time.  Units: milliseconds, as an input.
 */
#ifndef SOTTO_SERVER_THROTTLE_H
#define SOTTO_SERVER_THROTTLE_H

#include "base/list.h"
#include "base/map.h"

/* Written 30/min, 64MiB/10s, off in the configuration. */
struct rate {
    uint64_t count;
    uint32_t per_s;
};

struct bucket {
    uint64_t full_at_us;
}; /* all zeroes: full */

void bucket_take(struct bucket *b, const struct rate *r, uint64_t n, uint64_t now_ms);
/* Until one more may be taken; 0: now. */
uint64_t bucket_wait_ms(const struct bucket *b, const struct rate *r, uint64_t now_ms);

struct throttle {
    struct map entries; /* key -> struct throttle_entry */
    struct list recent; /* of those that hold nothing, the oldest first */
    size_t idle, room;
};

void throttle_init(struct throttle *t, size_t room); /* at most so many entries that hold nothing */
void throttle_deinit(struct throttle *t);

bool throttle_allows(const struct throttle *t, uint64_t key, const struct rate *r, uint64_t now_ms);
uint64_t throttle_wait_ms(const struct throttle *t, uint64_t key, const struct rate *r,
                          uint64_t now_ms); /* 0: it allows one now */
void throttle_take(struct throttle *t, uint64_t key, const struct rate *r, uint64_t now_ms);
void throttle_take_many(struct throttle *t, uint64_t key, const struct rate *r, uint64_t n,
                        uint64_t now_ms);

/* What is there at a time: returns how many are held with this one. */
size_t throttle_hold(struct throttle *t, uint64_t key);
void throttle_release(struct throttle *t, uint64_t key);
size_t throttle_held(const struct throttle *t, uint64_t key);

#endif
