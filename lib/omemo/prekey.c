/* prekey.c: making prekeys, and when. */
#include "omemo/prekey.h"

#include "crypto/curve.h"

static const uint64_t day_ms = 24 * 60 * 60 * 1000;

void prekey_make(struct prekey *out, uint32_t id, const struct random *random)
{
    out->id = id;
    random_fill(random, out->secret, sizeof out->secret);
    x25519_clamp(out->secret);
    x25519_public(out->secret, out->public_key);
}

uint32_t prekey_next_id(uint32_t id)
{
    return id < PREKEY_ID_LAST ? id + 1 : PREKEY_ID_FIRST;
}

/* A clock that was set back makes no key older. */
static bool is_older(uint64_t made_ms, uint64_t now_ms, uint64_t days)
{
    return now_ms > made_ms && now_ms - made_ms >= days * day_ms;
}

bool signed_prekey_is_due(uint64_t made_ms, uint64_t now_ms)
{
    return is_older(made_ms, now_ms, SIGNED_PREKEY_DAYS);
}

bool signed_prekey_is_expired(uint64_t made_ms, uint64_t now_ms)
{
    return is_older(made_ms, now_ms, SIGNED_PREKEY_KEPT_DAYS);
}
