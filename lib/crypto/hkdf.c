/* hkdf.c: HKDF with SHA-256 (RFC 5869): one key out of a secret, or several. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"

enum { BLOCK = 32 }; /* SHA-256's size */

/* T(i) = HMAC(PRK, T(i-1) ‖ info ‖ i), RFC 5869 §2.3; k.inner takes the parts one by one. */
static void expand(struct bytes prk, struct str info, uint8_t *out, size_t n)
{
    struct hmac_key start, k;
    uint8_t t[BLOCK];

    hmac_key_init(&start, HASH_SHA256, prk);
    hmac_key_init(&k, HASH_SHA256, prk);
    for (uint8_t i = 1; n > 0; i++) {
        size_t take = n < BLOCK ? n : BLOCK;

        if (i > 1) {
            hmac_key_copy(&k, &start);
            hash_update(&k.inner, bytes_of(t, BLOCK));
        }
        hash_update(&k.inner, bytes_of_str(info));
        hash_update(&k.inner, bytes_of(&i, 1));
        hmac_end(&k, t);
        memcpy(out, t, take);
        out += take;
        n -= take;
    }
    hmac_key_drop(&k);
    hmac_key_drop(&start);
    secure_zero(t, sizeof t);
}

void hkdf(struct bytes salt, struct bytes ikm, struct str info, uint8_t *out, size_t n)
{
    uint8_t prk[BLOCK];

    assert(n <= HKDF_OUT_MAX);
    hmac(HASH_SHA256, salt, ikm, prk);
    expand(bytes_of(prk, BLOCK), info, out, n);
    secure_zero(prk, sizeof prk);
}
