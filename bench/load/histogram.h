/* histogram.h: counts of durations in buckets of under 1 % width, from 1 ns to centuries.
 *
 * The same idea as HdrHistogram: each power of two is cut into 128 equal parts. Nothing is sampled or
 * averaged away, so the far percentiles are as good as the count allows.
 * Owns: nothing; about 58 KiB of the caller's memory.  Threads: one at a time.  Units: nanoseconds.
 */
#ifndef SOTTO_BENCH_HISTOGRAM_H
#define SOTTO_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_BITS = 7,
    HISTOGRAM_PARTS = 1 << HISTOGRAM_BITS,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_PARTS,
};

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total, max;
    double sum;
};

void histogram_reset(struct histogram *h);
void histogram_add(struct histogram *h, uint64_t ns);

/* The largest value that `percent` of the values do not exceed, rounded up within its bucket; 0 if
 * there are none. */
uint64_t histogram_at(const struct histogram *h, double percent);
double histogram_mean(const struct histogram *h);

#endif
