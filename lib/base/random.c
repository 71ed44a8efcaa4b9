/* random.c: tokens out of randomness. */
#include "base/random.h"

#include "base/encode.h"

struct str random_token(const struct random *r, struct arena *a, size_t n)
{
    uint8_t *octets = (uint8_t *)arena_raw(a, n);

    random_fill(r, octets, n);
    return base32_text(a, bytes_of(octets, n));
}
