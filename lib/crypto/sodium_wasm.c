/* sodium_wasm.c: what stands in for parts of libsodium in wasm, where size counts: every page loads it.
 *
 * Its portable code needs no start. Of the file that has it, only the function is wanted that ends
 * the program at our own bugs. SHA-512 is there already, from BearSSL. And multiples of the base
 * point are computed like those of any other: libsodium's table for it takes 24 KB to load, a third
 * of all cryptography, and saves 60 µs at each signature.
 */
#include "crypto/sodium.h"

#include <stdlib.h>

#include <bearssl_hash.h>
#include <sodium/core.h>
#include <sodium/crypto_hash_sha512.h>
#include <sodium/private/ed25519_ref10.h>

#include "base/mem.h"

void sodium_ready(void)
{
}

void sodium_misuse(void)
{
    abort();
}

_Static_assert(sizeof(br_sha512_context) <= sizeof(crypto_hash_sha512_state), "one fits");

int crypto_hash_sha512_init(crypto_hash_sha512_state *state)
{
    br_sha512_init((br_sha512_context *)state);
    return 0;
}

int crypto_hash_sha512_update(crypto_hash_sha512_state *state, const unsigned char *in,
                              unsigned long long n)
{
    br_sha512_update((br_sha512_context *)state, in, (size_t)n);
    return 0;
}

/* The state has taken in a secret key. */
int crypto_hash_sha512_final(crypto_hash_sha512_state *state, unsigned char *out)
{
    br_sha512_out((br_sha512_context *)state, out);
    secure_zero(state, sizeof *state);
    return 0;
}

int crypto_hash_sha512(unsigned char *out, const unsigned char *in, unsigned long long n)
{
    crypto_hash_sha512_state state;

    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, in, n);
    return crypto_hash_sha512_final(&state, out);
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
