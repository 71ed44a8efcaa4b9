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
    bool seal;
};

_Static_assert(sizeof(struct gcm) <= sizeof(struct gcm_stream), "BearSSL's contexts fit");

static struct gcm *gcm_of(struct gcm_stream *s)
{
    return (struct gcm *)s->u.inline_state;
}

void gcm_begin(struct gcm_stream *s, struct bytes key, struct bytes iv, bool seal)
{
    struct gcm *g = gcm_of(s);

    assert(key.n == 16 || key.n == 32);
    assert(iv.n == 12 || iv.n == 16);
    g->seal = seal;
    br_aes_ct64_ctr_init(&g->keys, key.p, key.n);
    br_gcm_init(&g->run, &g->keys.vtable, br_ghash_ctmul64);
    br_gcm_reset(&g->run, iv.p, iv.n);
    br_gcm_flip(&g->run);
}

void gcm_piece(struct gcm_stream *s, struct bytes in, uint8_t *out)
{
    move(out, in);
    br_gcm_run(&gcm_of(s)->run, gcm_of(s)->seal, out, in.n);
}

void gcm_end_seal(struct gcm_stream *s, uint8_t out_tag[GCM_TAG_SIZE])
{
    br_gcm_get_tag(&gcm_of(s)->run, out_tag);
    gcm_drop(s);
}

enum err gcm_end_open(struct gcm_stream *s, const uint8_t tag[GCM_TAG_SIZE])
{
    uint8_t expected[GCM_TAG_SIZE];
    bool fits;

    br_gcm_get_tag(&gcm_of(s)->run, expected);
    fits = ct_equal(tag, expected, sizeof expected);
    secure_zero(expected, sizeof expected);
    gcm_drop(s);
    return fits ? ERR_NONE : ERR_DENIED;
}

void gcm_drop(struct gcm_stream *s)
{
    secure_zero(s, sizeof *s);
}
