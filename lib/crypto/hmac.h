/* hmac.h: HMAC (RFC 2104) in steps, for what is built on it: a key is hashed once, a message is fed to
 * `inner`, and a key that is used often is copied from one that was kept.
 *
 * Internal to lib/crypto.  Owns: the two states, until hmac_key_drop().  Threads: pure.
 */
#ifndef SOTTO_CRYPTO_HMAC_H
#define SOTTO_CRYPTO_HMAC_H

#include "crypto/hash.h"

struct hmac_key {
    struct hash_state inner, outer;
};

void hmac_key_init(struct hmac_key *k, enum hash h, struct bytes key);
void hmac_key_copy(struct hmac_key *k, const struct hmac_key *from);
void hmac_key_drop(struct hmac_key *k);

/* k->inner has taken the message. Both states are at their end afterwards, not forgotten. */
void hmac_end(struct hmac_key *k, uint8_t *out);

#endif
