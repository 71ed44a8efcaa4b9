/* aes_native.c: AES-CBC and AES-GCM over OpenSSL's EVP.
 *
 * Making a context and looking an algorithm up costs more than encrypting a short message. So the
 * three algorithms are fetched once per process, under a once-guard, and each thread keeps one
 * context per way of use, made at the first one and freed with the thread. Neither holds anything
 * of a caller: a context takes a key of zeros before it goes back. EVP refuses only when memory is
 * short or the library is broken; both stop the process (mem.h).
 */
#include "crypto/aes.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/mem.h"

enum way { CBC256, GCM128_IV12, GCM128_IV16, GCM256_IV12, GCM256_IV16, WAY_COUNT };

struct contexts {
    EVP_CIPHER_CTX *of[WAY_COUNT];
};

static CRYPTO_ONCE prepared = CRYPTO_ONCE_STATIC_INIT;
static EVP_CIPHER *algorithms[WAY_COUNT];
static CRYPTO_THREAD_LOCAL contexts_of_thread;

static void must(int ok)
{
    if (ok != 1)
        abort();
}

static void contexts_free(void *p)
{
    struct contexts *c = p;

    if (c == NULL)
        return;
    for (int i = 0; i < WAY_COUNT; i++)
        EVP_CIPHER_CTX_free(c->of[i]);
    mem_free(c);
}

static void prepare(void)
{
    static const char *const names[WAY_COUNT] = {
        [CBC256] = "AES-256-CBC",      [GCM128_IV12] = "AES-128-GCM", [GCM128_IV16] = "AES-128-GCM",
        [GCM256_IV12] = "AES-256-GCM", [GCM256_IV16] = "AES-256-GCM",
    };

    for (int i = 0; i < WAY_COUNT; i++) {
        algorithms[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
        must(algorithms[i] != NULL);
    }
    must(CRYPTO_THREAD_init_local(&contexts_of_thread, contexts_free));
}

static struct contexts *contexts(void)
{
    struct contexts *c;

    must(CRYPTO_THREAD_run_once(&prepared, prepare));
    c = CRYPTO_THREAD_get_local(&contexts_of_thread);
    if (c == NULL) {
        c = mem_alloc(sizeof *c);
        must(CRYPTO_THREAD_set_local(&contexts_of_thread, c));
    }
    return c;
}

static EVP_CIPHER_CTX *context_new(enum way way)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

    must(c != NULL);
    must(EVP_CipherInit_ex2(c, algorithms[way], NULL, NULL, 1, NULL));
    must(EVP_CIPHER_CTX_set_padding(c, 0));
    if (way == GCM128_IV16 || way == GCM256_IV16)
        must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, 16, NULL));
    return c;
}

/* This thread's context, with a key. Naming no algorithm keeps the one it has, and its memory. */
static EVP_CIPHER_CTX *take(enum way way, const uint8_t *key, const uint8_t *iv, bool encrypt)
{
    EVP_CIPHER_CTX **c = &contexts()->of[way];

    if (*c == NULL)
        *c = context_new(way);
    must(EVP_CipherInit_ex2(*c, NULL, key, iv, encrypt, NULL));
    return *c;
}

static void give_back(EVP_CIPHER_CTX *c)
{
    static const uint8_t zeros[32];

    must(EVP_CipherInit_ex2(c, NULL, zeros, zeros, 1, NULL));
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
    EVP_CIPHER_CTX *c = take(CBC256, key, iv, encrypt);

    update(c, in, out);
    give_back(c);
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

static enum way gcm_way(struct bytes key, struct bytes iv)
{
    assert(key.n == 16 || key.n == 32);
    assert(iv.n == 12 || iv.n == 16);
    if (key.n == 16)
        return iv.n == 12 ? GCM128_IV12 : GCM128_IV16;
    return iv.n == 12 ? GCM256_IV12 : GCM256_IV16;
}

void gcm_seal(struct bytes key, struct bytes iv, struct bytes plain, uint8_t *out,
              uint8_t out_tag[GCM_TAG_SIZE])
{
    EVP_CIPHER_CTX *c = take(gcm_way(key, iv), key.p, iv.p, true);
    int n = 0;

    update(c, plain, out);
    must(EVP_CipherFinal_ex(c, out, &n));
    must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, out_tag));
    give_back(c);
}

enum err gcm_open(struct bytes key, struct bytes iv, struct bytes sealed,
                  const uint8_t tag[GCM_TAG_SIZE], uint8_t *out)
{
    EVP_CIPHER_CTX *c = take(gcm_way(key, iv), key.p, iv.p, false);
    uint8_t expected[GCM_TAG_SIZE];
    bool fits;
    int n = 0;

    memcpy(expected, tag, sizeof expected); /* ctrl() wants it writable */
    must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_SIZE, expected));
    update(c, sealed, out);
    fits = EVP_CipherFinal_ex(c, out, &n) == 1;
    give_back(c);
    if (!fits)
        secure_zero(out, sealed.n); /* EVP has written what it could not vouch for */
    return fits ? ERR_NONE : ERR_DENIED;
}
