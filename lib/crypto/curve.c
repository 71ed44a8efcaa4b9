/* curve.c: X25519 and Ed25519 over libsodium, in both backends.
 *
 * libsodium refuses in ed25519_verify() what lets one signature or key have several forms: S ≥ L,
 * keys and R of small order, keys that are not canonical.
 */
#include "crypto/curve.h"

#include <stdlib.h>
#include <string.h>

#include <sodium/crypto_scalarmult_curve25519.h>
#include <sodium/crypto_sign_ed25519.h>

#include "base/mem.h"
#include "crypto/sodium.h"

static void must(int status)
{
    if (status != 0)
        abort(); /* no input makes these fail */
}

void x25519_clamp(uint8_t scalar[CURVE_KEY_SIZE])
{
    scalar[0] &= 248;
    scalar[31] &= 127;
    scalar[31] |= 64;
}

/* By the ladder from u = 9. libsodium's own way over the Edwards curve is as quick with a table of the
 * base point, and slower in wasm, which has none (sodium_wasm.c). */
void x25519_public(const uint8_t scalar[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE])
{
    static const uint8_t base_point[CURVE_KEY_SIZE] = { 9 };

    sodium_ready();
    must(crypto_scalarmult_curve25519(out, scalar, base_point));
}

enum err x25519(const uint8_t scalar[CURVE_KEY_SIZE], const uint8_t point[CURVE_KEY_SIZE],
                uint8_t out[CURVE_KEY_SIZE])
{
    uint8_t shared[CURVE_KEY_SIZE];
    enum err e = ERR_MALFORMED;

    sodium_ready();
    if (crypto_scalarmult_curve25519(shared, scalar, point) == 0) {
        memcpy(out, shared, sizeof shared);
        e = ERR_NONE;
    }
    secure_zero(shared, sizeof shared);
    return e;
}

void ed25519_public(const uint8_t seed[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE])
{
    uint8_t pair[crypto_sign_ed25519_SECRETKEYBYTES], public_key[CURVE_KEY_SIZE];

    sodium_ready();
    must(crypto_sign_ed25519_seed_keypair(public_key, pair, seed));
    memcpy(out, public_key, sizeof public_key);
    secure_zero(pair, sizeof pair);
}

/* libsodium's secret key is seed ‖ public key. */
void ed25519_sign(const uint8_t seed[CURVE_KEY_SIZE], const uint8_t public_key[CURVE_KEY_SIZE],
                  struct bytes message, uint8_t out[CURVE_SIGNATURE_SIZE])
{
    uint8_t pair[crypto_sign_ed25519_SECRETKEYBYTES];

    sodium_ready();
    memcpy(pair, seed, CURVE_KEY_SIZE);
    memcpy(pair + CURVE_KEY_SIZE, public_key, CURVE_KEY_SIZE);
    must(crypto_sign_ed25519_detached(out, NULL, message.p, message.n, pair));
    secure_zero(pair, sizeof pair);
}

bool ed25519_verify(const uint8_t public_key[CURVE_KEY_SIZE], struct bytes message,
                    const uint8_t signature[CURVE_SIGNATURE_SIZE])
{
    sodium_ready();
    return crypto_sign_ed25519_verify_detached(signature, message.p, message.n, public_key) == 0;
}

void x25519_of_seed(const uint8_t seed[CURVE_KEY_SIZE], uint8_t out_scalar[CURVE_KEY_SIZE])
{
    must(crypto_sign_ed25519_sk_to_curve25519(out_scalar, seed)); /* it reads the seed only */
}
