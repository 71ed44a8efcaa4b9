/* login_guard.c: three throttles, one question each. */
#include "server/login_guard.h"

#include <string.h>

enum { GUARDED = 16 * 1024, FAMILIAR_S = 7 * 24 * 3600 };

/* A bucket of one that fills in a week: empty means that it happened within a week. */
static const struct rate lately = { 1, FAMILIAR_S };

void login_guard_init(struct login_guard *g)
{
    throttle_init(&g->addresses, GUARDED);
    throttle_init(&g->accounts, GUARDED);
    throttle_init(&g->familiar, GUARDED);
}

void login_guard_deinit(struct login_guard *g)
{
    throttle_deinit(&g->addresses);
    throttle_deinit(&g->accounts);
    throttle_deinit(&g->familiar);
}

uint64_t login_guard_key(const struct settings *s, struct str account)
{
    uint64_t seed[2];

    memcpy(seed, s->secret, sizeof seed);
    return map_hash(seed, account);
}

static uint64_t pair_key(uint64_t account, uint64_t address)
{
    return map_hash((const uint64_t[2]){ account, address }, STR("familiar"));
}

bool login_guard_admits_address(const struct login_guard *g, const struct settings *s,
                                struct peer peer, uint64_t now_ms)
{
    return peer.exempt
           || throttle_allows(&g->addresses, peer.address, &s->failed_logins_per_address, now_ms);
}

bool login_guard_admits_account(const struct login_guard *g, const struct settings *s,
                                uint64_t account, struct peer peer, uint64_t now_ms)
{
    return peer.exempt
           || throttle_allows(&g->accounts, account, &s->failed_logins_per_account, now_ms)
           || !throttle_allows(&g->familiar, pair_key(account, peer.address), &lately, now_ms);
}

void login_guard_note(struct login_guard *g, const struct settings *s, struct login_note note,
                      uint64_t now_ms)
{
    if (!note.failed) {
        throttle_take(&g->familiar, pair_key(note.account, note.address), &lately, now_ms);
        return;
    }
    throttle_take(&g->addresses, note.address, &s->failed_logins_per_address, now_ms);
    throttle_take(&g->accounts, note.account, &s->failed_logins_per_account, now_ms);
}
