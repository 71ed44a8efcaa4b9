/* cipher.c: what both backends of AES share: the padding of CBC, and GCM in one piece.
 *
 * The padding of a decrypted message is judged without a branch: although a MAC has been checked
 * before, how much of the last block is padding need not show.
 */
#include "crypto/aes.h"

#include <string.h>

#include "base/mem.h"

size_t cbc_size(size_t n)
{
    return n - n % AES_BLOCK + AES_BLOCK;
}

void cbc_encrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes plain,
                 uint8_t *out)
{
    size_t n = cbc_size(plain.n);

    if (plain.n > 0)
        memmove(out, plain.p, plain.n);
    memset(out + plain.n, (int)(n - plain.n), n - plain.n);
    aes_cbc_encrypt(key, iv, bytes_of(out, n), out);
}

/* All ones if a < b, else 0; both below 2^31. */
static uint32_t less_mask(uint32_t a, uint32_t b)
{
    return 0u - ((a - b) >> 31);
}

/* All ones if the block ends in pad octets of the value pad, 1 to 16 (RFC 5652 §6.3), else 0.
 * Whatever is wrong shows in the low eight bits of `wrong`. */
static uint32_t padding_mask(const uint8_t block[AES_BLOCK])
{
    uint32_t pad = block[AES_BLOCK - 1];
    uint32_t wrong = ~less_mask(0, pad) | less_mask(AES_BLOCK, pad);

    for (uint32_t i = 0; i < AES_BLOCK; i++)
        wrong |= less_mask(i, pad) & (block[AES_BLOCK - 1 - i] ^ pad);
    return less_mask(wrong & 0xff, 1);
}

enum err cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes sealed,
                     uint8_t *out, size_t *out_n)
{
    uint32_t good;

    if (sealed.n == 0 || sealed.n % AES_BLOCK != 0)
        return ERR_MALFORMED;
    aes_cbc_decrypt(key, iv, sealed, out);
    good = padding_mask(out + sealed.n - AES_BLOCK);
    *out_n = (sealed.n - out[sealed.n - 1]) & (0 - (size_t)(good & 1));
    return (enum err)(~good & ERR_MALFORMED);
}

void gcm_seal(struct bytes key, struct bytes iv, struct bytes plain, uint8_t *out,
              uint8_t out_tag[GCM_TAG_SIZE])
{
    struct gcm_stream s;

    gcm_begin(&s, key, iv, true);
    gcm_piece(&s, plain, out);
    gcm_end_seal(&s, out_tag);
}

enum err gcm_open(struct bytes key, struct bytes iv, struct bytes sealed,
                  const uint8_t tag[GCM_TAG_SIZE], uint8_t *out)
{
    struct gcm_stream s;
    enum err e;

    gcm_begin(&s, key, iv, false);
    gcm_piece(&s, sealed, out);
    e = gcm_end_open(&s, tag);
    if (e != ERR_NONE)
        secure_zero(out, sealed.n); /* written before the tag could vouch for it */
    return e;
}
