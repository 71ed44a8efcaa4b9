/* invite_token.c: made and checked by one keyed hash. */
#include "server/invite_token.h"

#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "crypto/hash.h"

enum {
    HEAD_OCTETS = 8,
    MAC_OCTETS = 16,
    TOKEN_OCTETS = HEAD_OCTETS + MAC_OCTETS,
    MINUTE_MS = 60 * 1000,
};

static void seal(const struct settings *s, struct str inviter, uint8_t token[TOKEN_OCTETS])
{
    uint8_t key[HASH_SIZE_MAX], mac[HASH_SIZE_MAX];

    hmac(HASH_SHA256, bytes_of(s->secret, sizeof s->secret), bytes_of_str(STR("invitation token")),
         key);
    hmac2(HASH_SHA256, bytes_of(key, hash_size(HASH_SHA256)), bytes_of(token, HEAD_OCTETS),
          bytes_of_str(inviter), mac);
    memcpy(token + HEAD_OCTETS, mac, MAC_OCTETS);
    secure_zero(key, sizeof key);
}

static void put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

struct str invite_token(const struct settings *s, struct arena *a, struct str inviter,
                        uint64_t expires_ms, struct str nonce)
{
    uint8_t token[TOKEN_OCTETS], digest[HASH_SIZE_MAX];

    put_u32(token, (uint32_t)(expires_ms / MINUTE_MS));
    hash_digest(HASH_SHA256, bytes_of_str(nonce), digest);
    memcpy(token + 4, digest, HEAD_OCTETS - 4);
    seal(s, inviter, token);
    return base32_text(a, bytes_of(token, sizeof token));
}

bool invite_token_is_of(const struct settings *s, struct str token, struct str inviter,
                        uint64_t now_ms)
{
    uint8_t expected[TOKEN_OCTETS];
    struct arena a = { 0 };
    struct bytes octets = { 0 };
    struct reader r;
    bool is = base32_read(&a, token, &octets) == ERR_NONE && octets.n == TOKEN_OCTETS;

    if (is) {
        memcpy(expected, octets.p, HEAD_OCTETS);
        seal(s, inviter, expected);
        r = reader_of(octets);
        is = ct_equal(expected, octets.p, TOKEN_OCTETS)
             && (uint64_t)read_u32(&r) * MINUTE_MS > now_ms;
    }
    arena_deinit(&a);
    return is;
}

struct str invite_token_mark(struct arena *a, struct str token)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct bytes octets = { 0 };
    struct reader r;

    if (base32_read(a, token, &octets) != ERR_NONE || octets.n != TOKEN_OCTETS)
        return STR_NONE;
    r = reader_of(octets);
    hash_digest(HASH_SHA256, octets, digest);
    return arena_printf(a, "%u-%.*s", read_u32(&r),
                        STR_ARG(base32_text(a, bytes_of(digest, MAC_OCTETS))));
}

bool invite_token_mark_ended(struct str mark, uint64_t now_ms)
{
    uint64_t minutes = 0;

    return str_to_u64(str_slice(mark, 0, str_find(mark, '-')), UINT32_MAX, &minutes) == ERR_NONE
           && minutes * MINUTE_MS <= now_ms;
}
