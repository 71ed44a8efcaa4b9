/* registration_guard.c: a bucket for each address, and one for all. */
#include "server/registration_guard.h"

enum { GUARDED = 16 * 1024 };

void registration_guard_init(struct registration_guard *g)
{
    *g = (struct registration_guard){ 0 };
    throttle_init(&g->addresses, GUARDED);
}

void registration_guard_deinit(struct registration_guard *g)
{
    throttle_deinit(&g->addresses);
}

uint64_t registration_guard_wait_ms(const struct registration_guard *g, const struct settings *s,
                                    struct peer peer, uint64_t now_ms)
{
    uint64_t here =
        throttle_wait_ms(&g->addresses, peer.address, &s->registrations_per_address, now_ms);
    uint64_t all = bucket_wait_ms(&g->all, &s->registrations, now_ms);

    if (peer.exempt)
        return 0;
    return here > all ? here : all;
}

void registration_guard_note(struct registration_guard *g, const struct settings *s,
                             uint64_t address, uint64_t now_ms)
{
    throttle_take(&g->addresses, address, &s->registrations_per_address, now_ms);
    bucket_take(&g->all, &s->registrations, 1, now_ms);
}
