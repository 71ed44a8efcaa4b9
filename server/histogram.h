/* histogram.h: how often a quantity was about how big: buckets of 1, 2, 5, 10, 20 … of its unit.
 *
 * One shape for everything, so that histograms can be added up and subtracted.
 * Owns: nothing.  Threads: one at a time.  Units: those of the caller; whole numbers.
 */
#ifndef SOTTO_SERVER_HISTOGRAM_H
#define SOTTO_SERVER_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 21, HISTOGRAM_BUCKETS = HISTOGRAM_BOUNDS + 1 };

struct histogram {
    uint64_t
        n[HISTOGRAM_BUCKETS]; /* values up to the bound and above the one before; last: the rest */
    uint64_t sum;
};

/* Of a bucket but the last: 1, 2, 5, 10 … 5,000,000. */
static inline uint64_t histogram_bound(size_t bucket)
{
    static const uint64_t steps[] = { 1, 2, 5 };
    uint64_t bound = steps[bucket % 3];

    for (size_t i = 0; i < bucket / 3; i++)
        bound *= 10;
    return bound;
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    size_t i = 0;

    for (uint64_t ten = 10; i + 3 < HISTOGRAM_BOUNDS && value >= ten; ten *= 10)
        i += 3;
    while (i < HISTOGRAM_BOUNDS && value > histogram_bound(i))
        i++;
    h->n[i]++;
    h->sum += value;
}

static inline uint64_t histogram_count(const struct histogram *h)
{
    uint64_t n = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        n += h->n[i];
    return n;
}

/* What has been added since `before`, a copy of the same one. */
static inline struct histogram histogram_since(const struct histogram *now,
                                               const struct histogram *before)
{
    struct histogram h = { .sum = now->sum - before->sum };

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        h.n[i] = now->n[i] - before->n[i];
    return h;
}

/* The value that `percent` of all do not pass, as if they were spread evenly in their bucket;
 * 0 if there are none. What lies beyond the last bound counts as the last bound. */
static inline uint64_t histogram_percentile(const struct histogram *h, unsigned percent)
{
    uint64_t rank = (histogram_count(h) * percent + 99) / 100, before = 0, low = 0;

    for (size_t i = 0; i < HISTOGRAM_BOUNDS && rank > 0; i++) {
        uint64_t high = histogram_bound(i);

        if (before + h->n[i] >= rank)
            return low + (high - low) * (rank - before) / h->n[i];
        before += h->n[i];
        low = high;
    }
    return low;
}

#endif
