/* aes_wasm.c: AES-CBC and AES-GCM over BearSSL's bitsliced AES and its GHASH by multiplications:
 * neither has a table that a secret could index.
 */
#include "crypto/aes.h"

#include <assert.h>
#include <string.h>

#include <bearssl_aead.h>
#include <bearssl_block.h>

#include "base/mem.h"
#include "crypto/hash.h"

static void move(uint8_t *out, struct bytes in)
{
    if (in.n > 0 && out != in.p)
        memmove(out, in.p, in.n);
}

void aes_cbc_encrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in,
                     uint8_t *out)
{
    br_aes_ct64_cbcenc_keys keys;
    uint8_t chain[AES_BLOCK];

    memcpy(chain, iv, sizeof chain);
    move(out, in);
    br_aes_ct64_cbcenc_init(&keys, key, 32);
    br_aes_ct64_cbcenc_run(&keys, chain, out, in.n);
    secure_zero(&keys, sizeof keys);
}

void aes_cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes in,
                     uint8_t *out)
{
    br_aes_ct64_cbcdec_keys keys;
    uint8_t chain[AES_BLOCK];

    memcpy(chain, iv, sizeof chain);
    move(out, in);
    br_aes_ct64_cbcdec_init(&keys, key, 32);
    br_aes_ct64_cbcdec_run(&keys, chain, out, in.n);
    secure_zero(&keys, sizeof keys);
}

struct gcm {
    br_aes_ct64_ctr_keys keys;
    br_gcm_context run;
};

static void gcm_run(struct gcm *g, struct bytes key, struct bytes iv, bool encrypt, struct bytes in,
                    uint8_t *out)
{
    assert(key.n == 16 || key.n == 32);
    assert(iv.n == 12 || iv.n == 16);
    move(out, in);
    br_aes_ct64_ctr_init(&g->keys, key.p, key.n);
    br_gcm_init(&g->run, &g->keys.vtable, br_ghash_ctmul64);
    br_gcm_reset(&g->run, iv.p, iv.n);
    br_gcm_flip(&g->run);
    br_gcm_run(&g->run, encrypt, out, in.n);
}

void gcm_seal(struct bytes key, struct bytes iv, struct bytes plain, uint8_t *out,
              uint8_t out_tag[GCM_TAG_SIZE])
{
    struct gcm g;

    gcm_run(&g, key, iv, true, plain, out);
    br_gcm_get_tag(&g.run, out_tag);
    secure_zero(&g, sizeof g);
}

enum err gcm_open(struct bytes key, struct bytes iv, struct bytes sealed,
                  const uint8_t tag[GCM_TAG_SIZE], uint8_t *out)
{
    uint8_t expected[GCM_TAG_SIZE];
    struct gcm g;
    bool fits;

    gcm_run(&g, key, iv, false, sealed, out);
    br_gcm_get_tag(&g.run, expected);
    fits = ct_equal(tag, expected, sizeof expected);
    secure_zero(&g, sizeof g);
    secure_zero(expected, sizeof expected);
    if (!fits)
        secure_zero(out, sealed.n); /* what the tag does not vouch for */
    return fits ? ERR_NONE : ERR_DENIED;
}
