/* payload.c: sealing once for all devices. */
#include "omemo/payload.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

enum { KEY_03 = 16, KEY_2 = 32, MAC_2 = 16, HMAC_SIZE = 32 };

struct payload_keys {
    uint8_t cipher[32], mac[32], iv[AES_BLOCK];
};
_Static_assert(sizeof(struct payload_keys) == 80, "HKDF fills it as it is");

static struct bytes random_iv(struct arena *a, const struct random *random)
{
    uint8_t *iv = (uint8_t *)arena_raw(a, PAYLOAD_IV);

    random_fill(random, iv, PAYLOAD_IV);
    return bytes_of(iv, PAYLOAD_IV);
}

static void seal_03(struct arena *a, const struct random *random, struct bytes plain,
                    struct payload *p)
{
    uint8_t *out = (uint8_t *)arena_raw(a, plain.n);

    random_fill(random, p->key, KEY_03);
    p->key_n = KEY_03 + GCM_TAG_SIZE;
    p->iv = random_iv(a, random);
    gcm_seal(bytes_of(p->key, KEY_03), p->iv, plain, out, p->key + KEY_03);
    p->sealed = bytes_of(out, plain.n);
}

static void stretch(const uint8_t key[KEY_2], struct payload_keys *out)
{
    static const uint8_t salt[OMEMO_KEY];

    hkdf(bytes_of(salt, sizeof salt), bytes_of(key, KEY_2), STR("OMEMO Payload"), (uint8_t *)out,
         sizeof *out);
}

static void mac_2(const struct payload_keys *keys, struct bytes sealed, uint8_t out[HMAC_SIZE])
{
    hmac(HASH_SHA256, bytes_of(keys->mac, sizeof keys->mac), sealed, out);
}

static void seal_2(struct arena *a, const struct random *random, struct bytes plain,
                   struct payload *p)
{
    uint8_t *out = (uint8_t *)arena_raw(a, cbc_size(plain.n));
    uint8_t mac[HMAC_SIZE];
    struct payload_keys keys;

    random_fill(random, p->key, KEY_2);
    p->key_n = KEY_2 + MAC_2;
    stretch(p->key, &keys);
    cbc_encrypt(keys.cipher, keys.iv, plain, out);
    p->sealed = bytes_of(out, cbc_size(plain.n));
    mac_2(&keys, p->sealed, mac);
    memcpy(p->key + KEY_2, mac, MAC_2);
    secure_zero(&keys, sizeof keys);
}

void payload_seal(enum omemo version, struct arena *a, const struct random *random,
                  struct bytes plain, struct payload *out)
{
    assert(plain.n <= PAYLOAD_MAX);
    *out = (struct payload){ .has_sealed = true };
    if (version == OMEMO_03)
        seal_03(a, random, plain, out);
    else
        seal_2(a, random, plain, out);
}

/* 0.3: a key that nothing is sealed with, and an iv because a client refuses a header without.
 * OMEMO 2: zeroes, XEP-0384 0.9 §4.6. */
void payload_empty(enum omemo version, struct arena *a, const struct random *random,
                   struct payload *out)
{
    *out = (struct payload){ .key_n = version == OMEMO_03 ? KEY_03 : KEY_2 };
    if (version == OMEMO_03) {
        random_fill(random, out->key, KEY_03);
        out->iv = random_iv(a, random);
    }
}

static enum err open_03(struct arena *a, const struct payload *p, struct bytes *out)
{
    uint8_t *plain = (uint8_t *)arena_raw(a, p->sealed.n);
    enum err e;

    if (p->key_n == KEY_03)
        return ERR_UNSUPPORTED;
    if (p->key_n != KEY_03 + GCM_TAG_SIZE || (p->iv.n != PAYLOAD_IV && p->iv.n != PAYLOAD_IV_LONG))
        return ERR_MALFORMED;
    if ((e = gcm_open(bytes_of(p->key, KEY_03), p->iv, p->sealed, p->key + KEY_03, plain))
        == ERR_NONE)
        *out = bytes_of(plain, p->sealed.n);
    return e;
}

static enum err open_2(struct arena *a, const struct payload *p, struct bytes *out)
{
    uint8_t *plain = (uint8_t *)arena_raw(a, p->sealed.n), mac[HMAC_SIZE];
    struct payload_keys keys;
    size_t n = 0;
    enum err e = ERR_DENIED;

    if (p->key_n != KEY_2 + MAC_2)
        return ERR_MALFORMED;
    stretch(p->key, &keys);
    mac_2(&keys, p->sealed, mac);
    if (ct_equal(mac, p->key + KEY_2, MAC_2))
        e = cbc_decrypt(keys.cipher, keys.iv, p->sealed, plain, &n);
    if (e == ERR_NONE)
        *out = bytes_of(plain, n);
    secure_zero(&keys, sizeof keys);
    return e;
}

enum err payload_open(enum omemo version, struct arena *a, const struct payload *p,
                      struct bytes *out)
{
    assert(p->has_sealed);
    if (p->sealed.n > PAYLOAD_MAX + AES_BLOCK)
        return ERR_TOO_BIG;
    return version == OMEMO_03 ? open_03(a, p, out) : open_2(a, p, out);
}
