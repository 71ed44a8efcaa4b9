/* hash.h: SHA-1/256/512, HMAC, PBKDF2, comparison in constant time. One facade, two backends:
 * hash_native.c (OpenSSL EVP) and hash_wasm.c (BearSSL).
 *
 * Owns: nothing but what hash_init() filled, until hash_final().  Threads: pure.  Units: octets.
 * No function here fails: bad lengths are our own bugs.
 */
#ifndef SOTTO_CRYPTO_HASH_H
#define SOTTO_CRYPTO_HASH_H

#include "base/str.h"

enum hash { HASH_SHA1, HASH_SHA256, HASH_SHA512 };
enum { HASH_SIZE_MAX = 64 };

size_t hash_size(enum hash h);                                     /* 20, 32, 64 */
void hash_digest(enum hash h, struct bytes in, uint8_t *out);      /* out: hash_size(h) octets */

struct hash_state { enum hash kind; union { void *native; uint64_t inline_state[26]; } u; };
void hash_init(struct hash_state *s, enum hash h);
void hash_update(struct hash_state *s, struct bytes in);
void hash_final(struct hash_state *s, uint8_t *out);               /* and forgets the state */

void hmac(enum hash h, struct bytes key, struct bytes in, uint8_t *out);          /* RFC 2104 */
void hmac2(enum hash h, struct bytes key, struct bytes in1, struct bytes in2, uint8_t *out); /* of in1 ‖ in2 */
void pbkdf2(enum hash h, struct bytes password, struct bytes salt, uint32_t iterations,
            uint8_t *out);                                         /* RFC 8018, one block of hash_size(h) */

bool ct_equal(const void *a, const void *b, size_t n);             /* no early exit */

#endif
