/* kdf.h: keys from keys (HKDF, RFC 5869, with SHA-256) and from passphrases (Argon2id, RFC 9106).
 *
 * Owns: nothing but Argon2's memory while it runs.  Threads: pure.  Units: octets, KiB.
 * Errors: ERR_FULL if Argon2 gets no memory.
 */
#ifndef SOTTO_CRYPTO_KDF_H
#define SOTTO_CRYPTO_KDF_H

#include "base/err.h"
#include "base/str.h"

enum { HKDF_OUT_MAX = 255 * 32, ARGON2_SALT_SIZE = 16 };

/* n ≤ HKDF_OUT_MAX. `out` may overwrite what salt and ikm point at. */
void hkdf(struct bytes salt, struct bytes ikm, struct str info, uint8_t *out, size_t n);

struct argon2_cost {
    uint32_t passes, memory_kib;
}; /* one lane, as libsodium has it */

CHECKED enum err argon2id(struct bytes passphrase, const uint8_t salt[ARGON2_SALT_SIZE],
                          struct argon2_cost cost, uint8_t *out, size_t n);

#endif
