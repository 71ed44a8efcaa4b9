/* hash.h: SHA-1/256/512, HMAC, PBKDF2, comparison in constant time. One facade, two backends:
 * hash_native.c (OpenSSL EVP) and hash_wasm.c (BearSSL). Only the running state differs between
 * them; hash.c and hmac.c stand on it and are shared.
 *
 * Owns: nothing but what hash_init() filled, until hash_final() or hash_drop().
 * Threads: pure.  Units: octets.
 * No function here fails: bad lengths are our own bugs.
 */
#ifndef SOTTO_CRYPTO_HASH_H
#define SOTTO_CRYPTO_HASH_H

#include "base/str.h"

enum hash { HASH_SHA1, HASH_SHA256, HASH_SHA512 };
enum { HASH_COUNT = 3, HASH_SIZE_MAX = 64, HASH_BLOCK_MAX = 128 };

size_t hash_size(enum hash h);                                /* 20, 32, 64 */
size_t hash_block_size(enum hash h);                          /* 64, 64, 128 */
void hash_digest(enum hash h, struct bytes in, uint8_t *out); /* out: hash_size(h) octets */

struct hash_state {
    enum hash kind;
    union {
        void *native;
        uint64_t inline_state[26]; /* a SHA-512 context of BearSSL on a 32-bit machine */
    } u;
};

void hash_init(struct hash_state *s, enum hash h);
void hash_update(struct hash_state *s, struct bytes in);
void hash_final(struct hash_state *s, uint8_t *out); /* and forgets the state */

/* For many digests with a common beginning (hmac.c): end without forgetting, then start over as a
 * copy of another state of the same kind. hash_drop() forgets without a result. */
void hash_end(struct hash_state *s, uint8_t *out);
void hash_copy(struct hash_state *s, const struct hash_state *from);
void hash_drop(struct hash_state *s);

/* RFC 2104; hmac2 is over in1 ‖ in2. The result may overwrite what `key` or `in` point at. */
void hmac(enum hash h, struct bytes key, struct bytes in, uint8_t *out);
void hmac2(enum hash h, struct bytes key, struct bytes in1, struct bytes in2, uint8_t *out);

/* RFC 8018 §5.2: one block, so hash_size(h) octets; iterations > 0. */
void pbkdf2(enum hash h, struct bytes password, struct bytes salt, uint32_t iterations,
            uint8_t *out);

bool ct_equal(const void *a, const void *b, size_t n); /* no early exit */

#endif
