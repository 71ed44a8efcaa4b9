/* bench_crypto_raw_native.c: the libraries' own calls: libsodium's as they are, OpenSSL's with the
 * algorithm fetched before and one context for all calls, which keeps the last key.
 */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>

#include "bench/bench_crypto.h"

static struct {
    EVP_CIPHER_CTX *cbc, *gcm128, *gcm256;
    EVP_KDF_CTX *hkdf;
} openssl;

static void must(int ok)
{
    if (ok != 1)
        abort();
}

static EVP_CIPHER_CTX *context(const char *name)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

    must(EVP_CipherInit_ex2(c, cipher, NULL, NULL, 1, NULL));
    EVP_CIPHER_free(cipher);
    return c;
}

static void prepare(void)
{
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);

    must(sodium_init() >= 0);
    openssl.cbc = context("AES-256-CBC");
    openssl.gcm128 = context("AES-128-GCM");
    openssl.gcm256 = context("AES-256-GCM");
    openssl.hkdf = EVP_KDF_CTX_new(hkdf);
    EVP_KDF_free(hkdf);
}

static void raw_x25519(struct bench_data *d)
{
    must(crypto_scalarmult_curve25519(d->out, d->scalar, d->u) == 0);
}

static void raw_x25519_public(struct bench_data *d)
{
    must(crypto_scalarmult_curve25519_base(d->out, d->scalar) == 0);
}

static void raw_sign(struct bench_data *d)
{
    uint8_t pair[64];

    for (int i = 0; i < 32; i++) {
        pair[i] = d->seed[i];
        pair[32 + i] = d->ed[i];
    }
    must(crypto_sign_ed25519_detached(d->out, NULL, d->text, 64, pair) == 0);
}

static void raw_verify(struct bench_data *d)
{
    must(crypto_sign_ed25519_verify_detached(d->signature, d->text, 64, d->ed) == 0);
}

static void raw_to_montgomery(struct bench_data *d)
{
    must(crypto_sign_ed25519_pk_to_curve25519(d->out, d->ed) == 0);
}

static void raw_hmac(struct bench_data *d)
{
    must(crypto_auth_hmacsha256(d->out, d->text, 1, d->key) == 0);
}

static void raw_hmac_message(struct bench_data *d)
{
    must(crypto_auth_hmacsha256(d->out, d->text, 150, d->key) == 0);
}

static void raw_hkdf(struct bench_data *d)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA2-256", 0),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, d->nonce, 24),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, d->key, 32),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, (char *)"OMEMO Message Key Material", 26),
        OSSL_PARAM_END,
    };

    must(EVP_KDF_derive(openssl.hkdf, d->out, 80, params));
}

static void raw_blake2b(struct bench_data *d)
{
    must(crypto_generichash_blake2b(d->out, 32, d->text, 32, d->key, 32) == 0);
}

static void cipher(EVP_CIPHER_CTX *c, struct bench_data *d, const uint8_t *in, int n, int encrypt)
{
    int out_n, last_n;

    must(EVP_CipherInit_ex2(c, NULL, d->key, d->nonce, encrypt, NULL));
    if (c == openssl.gcm128 && !encrypt)
        must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, d->tag));
    must(EVP_CipherUpdate(c, d->out, &out_n, in, n));
    must(EVP_CipherFinal_ex(c, d->out + out_n, &last_n));
}

static void raw_cbc_encrypt(struct bench_data *d)
{
    cipher(openssl.cbc, d, d->text, 48, 1);
}

static void raw_cbc_round(struct bench_data *d)
{
    cipher(openssl.cbc, d, d->text, 48, 1);
    cipher(openssl.cbc, d, d->out, 64, 0);
}

static void raw_gcm_seal(struct bench_data *d)
{
    cipher(openssl.gcm128, d, d->text, 200, 1);
    must(EVP_CIPHER_CTX_ctrl(openssl.gcm128, EVP_CTRL_AEAD_GET_TAG, 16, d->tag));
}

static void raw_gcm_open(struct bench_data *d)
{
    cipher(openssl.gcm128, d, d->sealed, 200, 0);
}

static void raw_gcm_file(struct bench_data *d)
{
    cipher(openssl.gcm256, d, d->text, BENCH_ROOM, 1);
}

static void raw_xchacha(struct bench_data *d)
{
    must(crypto_aead_xchacha20poly1305_ietf_encrypt(d->out, NULL, d->text, 200, d->text, 16, NULL,
                                                    d->nonce, d->key)
         == 0);
}

static void raw_argon2(struct bench_data *d)
{
    must(crypto_pwhash(d->out, 32, (const char *)d->text, 20, d->nonce, 3, 64 << 20,
                       crypto_pwhash_ALG_ARGON2ID13)
         == 0);
}

const struct bench_raw *bench_raw_calls(void)
{
    static const struct bench_raw calls[] = {
        { "x25519", "libsodium", raw_x25519 },
        { "x25519_public", "libsodium", raw_x25519_public },
        { "ed25519_sign", "libsodium", raw_sign },
        { "ed25519_verify", "libsodium", raw_verify },
        { "x25519_of_ed25519", "libsodium", raw_to_montgomery },
        { "hmac_sha256_1", "libsodium", raw_hmac },
        { "hmac_sha256_150", "libsodium", raw_hmac_message },
        { "hkdf_80", "OpenSSL", raw_hkdf },
        { "blake2b_32", "libsodium", raw_blake2b },
        { "cbc_encrypt_48", "OpenSSL", raw_cbc_encrypt },
        { "cbc_encrypt_decrypt_48", "OpenSSL", raw_cbc_round },
        { "gcm_seal_200", "OpenSSL", raw_gcm_seal },
        { "gcm_open_200", "OpenSSL", raw_gcm_open },
        { "gcm_seal_1MiB", "OpenSSL", raw_gcm_file },
        { "xchacha_seal_200", "libsodium", raw_xchacha },
        { "argon2id_64MiB_3", "libsodium", raw_argon2 },
        { NULL, NULL, NULL },
    };

    if (openssl.cbc == NULL)
        prepare();
    return calls;
}
