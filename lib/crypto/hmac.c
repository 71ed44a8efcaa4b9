/* hmac.c: HMAC (RFC 2104) and PBKDF2 (RFC 8018) over the running state of either backend.
 *
 * The two padded blocks of a key are hashed once; every further HMAC under that key continues from
 * clones. That halves the work of PBKDF2, and is faster than the ready-made functions of OpenSSL 3.0,
 * which look the algorithm up by name or pass through two more layers for each call.
 */
#include "crypto/hash.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

struct hmac_key {
    struct hash_state inner, outer;
};

static void hmac_key_init(struct hmac_key *k, enum hash h, struct bytes key)
{
    size_t n = hash_block_size(h);
    uint8_t pad[HASH_BLOCK_MAX] = { 0 };

    if (key.n > n)
        hash_digest(h, key, pad);
    else if (key.n > 0)
        memcpy(pad, key.p, key.n);
    for (size_t i = 0; i < n; i++)
        pad[i] ^= 0x36;
    hash_init(&k->inner, h);
    hash_update(&k->inner, (struct bytes){ pad, n });
    for (size_t i = 0; i < n; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    hash_init(&k->outer, h);
    hash_update(&k->outer, (struct bytes){ pad, n });
    secure_zero(pad, sizeof pad);
}

/* `inner` has taken the message; consumes both states. */
static void hmac_end(struct hash_state *inner, struct hash_state *outer, uint8_t *out)
{
    uint8_t digest[HASH_SIZE_MAX];
    size_t n = hash_size(inner->kind);

    hash_final(inner, digest);
    hash_update(outer, (struct bytes){ digest, n });
    hash_final(outer, out);
    secure_zero(digest, sizeof digest);
}

void hmac2(enum hash h, struct bytes key, struct bytes in1, struct bytes in2, uint8_t *out)
{
    struct hmac_key k;

    hmac_key_init(&k, h, key);
    hash_update(&k.inner, in1);
    hash_update(&k.inner, in2);
    hmac_end(&k.inner, &k.outer, out);
}

void hmac(enum hash h, struct bytes key, struct bytes in, uint8_t *out)
{
    hmac2(h, key, in, (struct bytes){ NULL, 0 }, out);
}

static void hmac_again(const struct hmac_key *k, struct bytes in1, struct bytes in2, uint8_t *out)
{
    struct hash_state inner, outer;

    hash_clone(&k->inner, &inner);
    hash_clone(&k->outer, &outer);
    hash_update(&inner, in1);
    hash_update(&inner, in2);
    hmac_end(&inner, &outer, out);
}

void pbkdf2(enum hash h, struct bytes password, struct bytes salt, uint32_t iterations,
            uint8_t *out)
{
    static const uint8_t first_block[] = { 0, 0, 0, 1 };
    size_t n = hash_size(h);
    uint8_t u[HASH_SIZE_MAX], sum[HASH_SIZE_MAX];
    struct hmac_key k;

    assert(iterations > 0);
    hmac_key_init(&k, h, password);
    hmac_again(&k, salt, (struct bytes){ first_block, sizeof first_block }, u);
    memcpy(sum, u, n);
    for (uint32_t round = 1; round < iterations; round++) {
        hmac_again(&k, (struct bytes){ u, n }, (struct bytes){ NULL, 0 }, u);
        for (size_t i = 0; i < n; i++)
            sum[i] ^= u[i];
    }
    memcpy(out, sum, n);
    hash_drop(&k.inner);
    hash_drop(&k.outer);
    secure_zero(u, sizeof u);
    secure_zero(sum, sizeof sum);
}
