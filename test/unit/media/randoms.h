/* randoms.h: a generator that gives the same in every run. */
#ifndef SOTTO_TEST_UNIT_MEDIA_RANDOMS_H
#define SOTTO_TEST_UNIT_MEDIA_RANDOMS_H

#include "base/random.h"

static inline uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static inline void fill_random(void *ctx, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)next_random(ctx);
}

static inline bool is_lost(uint64_t *state, unsigned percent)
{
    return next_random(state) % 100 < percent;
}

#endif
