/* hash.c: what both backends share: sizes, one-shot digests, comparison in constant time. */
#include "crypto/hash.h"

size_t hash_size(enum hash h)
{
    switch (h) {
    case HASH_SHA1: return 20;
    case HASH_SHA256: return 32;
    case HASH_SHA512: return 64;
    }
    return 0;
}

size_t hash_block_size(enum hash h)
{
    return h == HASH_SHA512 ? 128 : 64;
}

void hash_final(struct hash_state *s, uint8_t *out)
{
    hash_end(s, out);
    hash_drop(s);
}

void hash_digest(enum hash h, struct bytes in, uint8_t *out)
{
    struct hash_state s;

    hash_init(&s, h);
    hash_update(&s, in);
    hash_final(&s, out);
}

bool ct_equal(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b; /* volatile: the compiler may not stop at a difference */
    uint8_t differs = 0;

    for (size_t i = 0; i < n; i++)
        differs |= x[i] ^ y[i];
    return differs == 0;
}
