/* xchacha.c: XChaCha20-Poly1305 over libsodium, in both backends. */
#include <stdlib.h>

#include <sodium/crypto_aead_xchacha20poly1305.h>

#include "crypto/cipher.h"
#include "crypto/sodium.h"

void xchacha_seal(const uint8_t key[XCHACHA_KEY_SIZE], const uint8_t nonce[XCHACHA_NONCE_SIZE],
                  struct bytes context, struct bytes plain, uint8_t *out)
{
    sodium_ready();
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain.p, plain.n, context.p,
                                                   context.n, NULL, nonce, key)
        != 0)
        abort(); /* no input makes it fail */
}

enum err xchacha_open(const uint8_t key[XCHACHA_KEY_SIZE], const uint8_t nonce[XCHACHA_NONCE_SIZE],
                      struct bytes context, struct bytes sealed, uint8_t *out)
{
    sodium_ready();
    if (sealed.n < XCHACHA_TAG_SIZE)
        return ERR_MALFORMED;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.p, sealed.n, context.p,
                                                   context.n, nonce, key)
        != 0)
        return ERR_DENIED;
    return ERR_NONE;
}
