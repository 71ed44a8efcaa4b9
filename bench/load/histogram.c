/* histogram.c: log-linear buckets. */
#include "bench/load/histogram.h"

#include <math.h>
#include <string.h>

void histogram_reset(struct histogram *h)
{
    memset(h, 0, sizeof *h);
}

/* Values below 128 have a bucket each; above, the top 8 bits name the bucket. */
static unsigned bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns < HISTOGRAM_PARTS)
        return (unsigned)ns;
    shift = 63u - (unsigned)__builtin_clzll(ns) - HISTOGRAM_BITS;
    return ((shift + 1) << HISTOGRAM_BITS) + (unsigned)(ns >> shift) - HISTOGRAM_PARTS;
}

/* The largest value of a bucket. */
static uint64_t bucket_top(unsigned bucket)
{
    unsigned shift = bucket >> HISTOGRAM_BITS;
    uint64_t part = bucket & (HISTOGRAM_PARTS - 1);

    if (shift == 0)
        return part;
    return ((part + HISTOGRAM_PARTS + 1) << (shift - 1)) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    h->counts[bucket_of(ns)]++;
    h->total++;
    h->sum += (double)ns;
    if (ns > h->max)
        h->max = ns;
}

uint64_t histogram_at(const struct histogram *h, double percent)
{
    uint64_t wanted = (uint64_t)ceil((double)h->total * percent / 100.0);
    uint64_t seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->total > 0; i++) {
        seen += h->counts[i];
        if (seen >= wanted && seen > 0)
            return bucket_top(i) < h->max ? bucket_top(i) : h->max;
    }
    return h->max;
}

double histogram_mean(const struct histogram *h)
{
    return h->total > 0 ? h->sum / (double)h->total : 0.0;
}
