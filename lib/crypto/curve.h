/* curve.h: X25519 (RFC 7748) and Ed25519 (RFC 8032), and the way from one form of a public key to
 * the other.
 *
 * A person's key is an Ed25519 seed; its X25519 form is derived, so that one identity signs and
 * agrees. One facade, two backends: libsodium as Debian has it, and the same library compiled to
 * wasm.
 *
 * Owns: nothing.  Threads: pure.  Units: octets; numbers are little-endian as in the RFCs.
 * Errors: ERR_MALFORMED for a point that gives an all-zero secret or is none on the curve.
 * Secrets: nothing here branches on or indexes by a private key; temporaries are zeroed.
 */
#ifndef SOTTO_CRYPTO_CURVE_H
#define SOTTO_CRYPTO_CURVE_H

#include "base/err.h"
#include "base/str.h"

enum { CURVE_KEY_SIZE = 32, CURVE_SIGNATURE_SIZE = 64 };

/* Scalars are clamped (RFC 7748 §5) whatever they are, and clamped in place by x25519_clamp(): some
 * peers' libraries multiply by what is stored. */
void x25519_clamp(uint8_t scalar[CURVE_KEY_SIZE]);
void x25519_public(const uint8_t scalar[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE]);
CHECKED enum err x25519(const uint8_t scalar[CURVE_KEY_SIZE], const uint8_t point[CURVE_KEY_SIZE],
                        uint8_t out[CURVE_KEY_SIZE]);

/* `public_key` must be that of the seed: a signature made with another one gives the seed away. */
void ed25519_public(const uint8_t seed[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE]);
void ed25519_sign(const uint8_t seed[CURVE_KEY_SIZE], const uint8_t public_key[CURVE_KEY_SIZE],
                  struct bytes message, uint8_t out[CURVE_SIGNATURE_SIZE]);
bool ed25519_verify(const uint8_t public_key[CURVE_KEY_SIZE], struct bytes message,
                    const uint8_t signature[CURVE_SIGNATURE_SIZE]);

/* RFC 7748 §4.1: the same key in the other form. The way back lacks the sign of x, which must be
 * known. Refused: what is not canonical, of small order, or outside the base point's subgroup. */
void x25519_of_seed(const uint8_t seed[CURVE_KEY_SIZE], uint8_t out_scalar[CURVE_KEY_SIZE]);
CHECKED enum err x25519_of_ed25519(const uint8_t ed[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE]);
CHECKED enum err ed25519_of_x25519(const uint8_t u[CURVE_KEY_SIZE], bool sign,
                                   uint8_t out[CURVE_KEY_SIZE]);

#endif
