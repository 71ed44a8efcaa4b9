/* aes.h: what a backend of cipher.h gives to cipher.c: AES-256-CBC over whole blocks, without padding.
 *
 * Internal to lib/crypto.  Owns: nothing; `in` and `out` may be the same memory.  Units: octets.
 */
#ifndef SOTTO_CRYPTO_AES_H
#define SOTTO_CRYPTO_AES_H

#include "crypto/cipher.h"

/* n is a multiple of AES_BLOCK. */
void aes_cbc_encrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in,
                     uint8_t *out);
void aes_cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in,
                     uint8_t *out);

#endif
