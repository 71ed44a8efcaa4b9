/* seen.h: which numbers have come, one bit each: tells duplicates from losses exactly.
 *
 * Owns: its bits.  Threads: one at a time.
 */
#ifndef SOTTO_BENCH_SEEN_H
#define SOTTO_BENCH_SEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct seen {
    uint64_t *words;
    size_t n;
};

/* True the first time. `number` is checked by the caller to be one that was handed out. */
static inline bool seen_add(struct seen *s, uint32_t number)
{
    size_t at = number / 64;
    uint64_t bit = 1ull << (number % 64);

    if (at >= s->n) {
        size_t n = 2 * at + 16;

        s->words = mem_resize(s->words, n * sizeof *s->words);
        memset(s->words + s->n, 0, (n - s->n) * sizeof *s->words);
        s->n = n;
    }
    if (s->words[at] & bit)
        return false;
    s->words[at] |= bit;
    return true;
}

static inline void seen_deinit(struct seen *s)
{
    mem_free(s->words);
    *s = (struct seen){ 0 };
}

#endif
