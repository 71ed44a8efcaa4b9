/* argon2.c: Argon2id (RFC 9106) over libsodium. In wasm it is a module of its own, loaded when a
 * passphrase is asked for.
 */
#include <assert.h>

#include <sodium/crypto_pwhash_argon2id.h>

#include "crypto/kdf.h"
#include "crypto/sodium.h"

_Static_assert(ARGON2_MEMORY_KIB_MIN * 1024 == crypto_pwhash_argon2id_MEMLIMIT_MIN, "its least");
_Static_assert(ARGON2_SALT_SIZE == crypto_pwhash_argon2id_SALTBYTES, "libsodium's salt");

enum err argon2id(struct bytes passphrase, const uint8_t salt[ARGON2_SALT_SIZE],
                  struct argon2_cost cost, uint8_t *out, size_t n)
{
    size_t memory = (size_t)cost.memory_kib * 1024;

    assert(cost.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN);
    assert(memory >= crypto_pwhash_argon2id_MEMLIMIT_MIN && memory / 1024 == cost.memory_kib);
    assert(n >= crypto_pwhash_argon2id_BYTES_MIN);
    sodium_ready();
    if (crypto_pwhash_argon2id(out, n, (const char *)passphrase.p, passphrase.n, salt, cost.passes,
                               memory, crypto_pwhash_argon2id_ALG_ARGON2ID13)
        != 0)
        return ERR_FULL;
    return ERR_NONE;
}
