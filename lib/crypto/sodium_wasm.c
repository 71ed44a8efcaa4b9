/* sodium_wasm.c: what stands in for parts of libsodium in wasm.
 *
 * Its portable code needs no start. Of the file that has it, only the function is wanted that ends
 * the program at our own bugs. And multiples of the base point are computed like those of any other:
 * libsodium's table for it takes 24 KB to load, a third of all cryptography, and saves 60 µs at each
 * signature and new key.
 */
#include "crypto/sodium.h"

#include <stdlib.h>

#include <sodium/core.h>
#include <sodium/private/ed25519_ref10.h>

void sodium_ready(void)
{
}

void sodium_misuse(void)
{
    abort();
}

/* The point (x, 4/5) with x even (RFC 8032 §5.1): X, Y, Z, XY, in limbs of 26 and 25 bits with a sign. */
static const ge25519_p3 base_point = {
    { -14297830, -7645148, 16144683, -16471763, 27570974, -2696100, -26142465, 8378389, 20764389,
      8758491 },
    { -26843541, -6710886, 13421773, -13421773, 26843546, 6710886, -13421773, 13421773, -26843546,
      -6710886 },
    { 1 },
    { 28827062, -6116119, -27349572, 244363, 8635006, 11264893, 19351346, 13413597, 16611511,
      -6414980 },
};

/* Called by libsodium; tools/build-wasm gives its own function of that name another one. */
void ge25519_scalarmult_base(ge25519_p3 *h, const unsigned char *a)
{
    ge25519_scalarmult(h, a, &base_point);
}
