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

/* What seals a store or a backup: 256 MiB, three passes. A file that is stolen is guessed at elsewhere, at leisure. */
#define ARGON2_STRONG ((struct argon2_cost){ .passes = 3, .memory_kib = 256 * 1024 })

enum { ARGON2_PASSES_MAX = 16, ARGON2_MEMORY_KIB_MIN = 8, ARGON2_MEMORY_KIB_MAX = 1024 * 1024 };

/* Whether a file may ask for it, of which anybody could be the author. Here, since in wasm argon2id() is in another module. */
static inline bool argon2_cost_allowed(struct argon2_cost cost)
{
    return cost.passes >= 1 && cost.passes <= ARGON2_PASSES_MAX
           && cost.memory_kib >= ARGON2_MEMORY_KIB_MIN && cost.memory_kib <= ARGON2_MEMORY_KIB_MAX;
}

CHECKED enum err argon2id(struct bytes passphrase, const uint8_t salt[ARGON2_SALT_SIZE],
                          struct argon2_cost cost, uint8_t *out, size_t n);

#endif
