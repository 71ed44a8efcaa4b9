/* vault.h: the keys of a store, what unlocks them, and sealing with them.
 *
 * One random master key seals everything. It lies in the store itself, wrapped by what the person has: a passphrase, made slow to guess
 * by Argon2id; a random key that the desktop's keyring gives out while the person is logged in; or a key file beside the store for who
 * wants it to open on this machine without being asked. None is ever sent anywhere.
 *
 *   passphrase ──Argon2id─┐                      ┌─HKDF─> values:  XChaCha20-Poly1305
 *   keyring's key ──HKDF──┼─> unwraps master key ┤
 *   key file ───────HKDF──┘                      └─HKDF─> lookups: keyed BLAKE2b
 *
 * What Argon2id costs is in the record, so that a store from when it cost less (64 MiB) opens as it did, until its passphrase changes.
 * Owns: keys, until vault_close().  Threads: pure.  Errors: ERR_DENIED: what unlocks it, or what was sealed, is not it; ERR_FULL: there
 * is no memory for Argon2id.
 */
#ifndef SOTTO_CLI_VAULT_H
#define SOTTO_CLI_VAULT_H

#include "base/buf.h"
#include "base/random.h"

enum { VAULT_KEY = 32, VAULT_LOOKUP = 16, VAULT_RECORD_MAX = 256 };

enum vault_lock { VAULT_PASSPHRASE = 1, VAULT_KEY_FILE, VAULT_KEYRING }; /* in records */

struct vault {
    uint8_t master[VAULT_KEY], values[VAULT_KEY], lookups[VAULT_KEY];
};

void vault_make(struct vault *v, const struct random *random); /* with a new master key */
/* The record that opens it again. `secret`: passphrase, the keyring's key, or the key file's content. */
CHECKED enum err vault_wrap(const struct vault *v, enum vault_lock lock, struct bytes secret,
                            const struct random *random, struct buf *out);
CHECKED enum err vault_open(struct vault *v, struct bytes record, struct bytes secret);
CHECKED enum err vault_lock_of(struct bytes record, enum vault_lock *out);
unsigned vault_memory_mib(struct bytes record); /* what a passphrase takes for a moment */
void vault_close(struct vault *v);

/* Under which name a row is found: who has not the key learns only which are equal. */
void vault_lookup(const struct vault *v, uint8_t table, struct bytes key,
                  uint8_t out[VAULT_LOOKUP]);

/* With `values`, or a key that is sealed with it. `place` is where the value belongs: it cannot be moved to another one. Results are in the arena. */
struct bytes vault_seal(const uint8_t key[VAULT_KEY], const struct random *random, struct arena *a,
                        uint8_t table, struct bytes place, struct bytes plain);
CHECKED enum err vault_unseal(const uint8_t key[VAULT_KEY], struct arena *a, uint8_t table,
                              struct bytes place, struct bytes sealed, struct bytes *out);

#endif
