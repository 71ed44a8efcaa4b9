/* random.h: randomness as an input. The program hands in the system's generator; tests a seeded one.
 *
 * Owns: nothing.  Threads: as the source says; the system's is safe everywhere.
 */
#ifndef SOTTO_BASE_RANDOM_H
#define SOTTO_BASE_RANDOM_H

#include "base/arena.h"

struct random {
    void (*fill)(void *ctx, uint8_t *out,
                 size_t n); /* never fails: a system without entropy stops us */
    void *ctx;
};

static inline void random_fill(const struct random *r, void *out, size_t n)
{
    r->fill(r->ctx, out, n);
}

/* `n` random octets as base32 text: ids of streams, stanzas, tokens (16 octets = 128 bits). */
struct str random_token(const struct random *r, struct arena *a, size_t n);

#endif
