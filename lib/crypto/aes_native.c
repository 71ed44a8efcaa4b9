/* aes_native.c: AES-CBC and AES-GCM over OpenSSL's EVP.
 *
 * Looking an algorithm up costs more than encrypting a short message, so the three are fetched once
 * per process, under a once-guard, and kept (as hash_native.c does). A context is made for each
 * message and wiped with its end: to keep one and to give it a key of zeros after each use costs
 * more, and to keep it with the last key is out of the question. EVP refuses only when memory is short
 * or the library is broken; both stop the process (mem.h).
 */
#include "crypto/aes.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/mem.h"

enum algorithm { CBC256, GCM128, GCM256, ALGORITHM_COUNT };

static CRYPTO_ONCE fetched = CRYPTO_ONCE_STATIC_INIT;
static EVP_CIPHER *algorithms[ALGORITHM_COUNT];

static void must(int ok)
{
    if (ok != 1)
        abort();
}

static void fetch_algorithms(void)
{
    static const char *const names[ALGORITHM_COUNT] = {
        [CBC256] = "AES-256-CBC", [GCM128] = "AES-128-GCM", [GCM256] = "AES-256-GCM"
    };

    for (int i = 0; i < ALGORITHM_COUNT; i++) {
        algorithms[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
        must(algorithms[i] != NULL);
    }
}

static EVP_CIPHER_CTX *context_new(enum algorithm a)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

    must(CRYPTO_THREAD_run_once(&fetched, fetch_algorithms));
    must(c != NULL);
    must(EVP_CipherInit_ex2(c, algorithms[a], NULL, NULL, 1, NULL));
    return c;
}

static void update(EVP_CIPHER_CTX *c, struct bytes in, uint8_t *out)
{
    int n = 0;

    assert(in.n <= INT_MAX);
    if (in.n == 0)
        return;
    must(EVP_CipherUpdate(c, out, &n, in.p, (int)in.n));
    assert((size_t)n == in.n);
}

static void cbc(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in, uint8_t *out,
                bool encrypt)
{
    EVP_CIPHER_CTX *c = context_new(CBC256);

    must(EVP_CipherInit_ex2(c, NULL, key, iv, encrypt, NULL));
    must(EVP_CIPHER_CTX_set_padding(c, 0));
    update(c, in, out);
    EVP_CIPHER_CTX_free(c);
}

void aes_cbc_encrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in,
                     uint8_t *out)
{
    cbc(key, iv, in, out, true);
}

void aes_cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in,
                     uint8_t *out)
{
    cbc(key, iv, in, out, false);
}

static EVP_CIPHER_CTX *gcm_new(struct bytes key, struct bytes iv, bool encrypt)
{
    EVP_CIPHER_CTX *c;

    assert(key.n == 16 || key.n == 32);
    assert(iv.n == 12 || iv.n == 16);
    c = context_new(key.n == 16 ? GCM128 : GCM256);
    if (iv.n != 12)
        must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.n, NULL));
    must(EVP_CipherInit_ex2(c, NULL, key.p, iv.p, encrypt, NULL));
    return c;
}

void gcm_begin(struct gcm_stream *s, struct bytes key, struct bytes iv, bool seal)
{
    s->u.native = gcm_new(key, iv, seal);
}

void gcm_piece(struct gcm_stream *s, struct bytes in, uint8_t *out)
{
    update(s->u.native, in, out);
}

void gcm_end_seal(struct gcm_stream *s, uint8_t out_tag[GCM_TAG_SIZE])
{
    uint8_t nothing[AES_BLOCK];
    int n = 0;

    must(EVP_CipherFinal_ex(s->u.native, nothing, &n));
    must(EVP_CIPHER_CTX_ctrl(s->u.native, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, out_tag));
    gcm_drop(s);
}

enum err gcm_end_open(struct gcm_stream *s, const uint8_t tag[GCM_TAG_SIZE])
{
    uint8_t expected[GCM_TAG_SIZE], nothing[AES_BLOCK];
    bool fits;
    int n = 0;

    memcpy(expected, tag, sizeof expected); /* ctrl() wants it writable */
    must(EVP_CIPHER_CTX_ctrl(s->u.native, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_SIZE, expected));
    fits = EVP_CipherFinal_ex(s->u.native, nothing, &n) == 1;
    gcm_drop(s);
    return fits ? ERR_NONE : ERR_DENIED;
}

void gcm_drop(struct gcm_stream *s)
{
    EVP_CIPHER_CTX_free(s->u.native);
    s->u.native = NULL;
}
