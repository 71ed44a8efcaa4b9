/* doorkeeper.c: counts per address. */
#include "server/doorkeeper.h"

#include <string.h>

enum { REMEMBERED = 16 * 1024, CHANCE = 4 };

void doorkeeper_init(struct doorkeeper *d, const struct config *config, const uint64_t key[2],
                     unsigned workers)
{
    *d = (struct doorkeeper){ .config = config, .key = { key[0], key[1] }, .workers = workers };
    throttle_init(&d->connections, REMEMBERED);
    throttle_init(&d->strangers, REMEMBERED);
}

void doorkeeper_deinit(struct doorkeeper *d)
{
    throttle_deinit(&d->connections);
    throttle_deinit(&d->strangers);
}

struct peer doorkeeper_peer(const struct doorkeeper *d, const uint8_t ip[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    bool v4 = memcmp(ip, mapped, sizeof mapped) == 0;

    return (struct peer){
        .address = map_hash(d->key, (struct str){ (const char *)ip, v4 ? 16 : 8 }),
        .exempt = cidr_list_holds(&d->config->limits.exempt, ip),
    };
}

static uint64_t share(const struct doorkeeper *d, uint64_t limit)
{
    uint64_t granted = limit / d->workers + limit / d->workers / 2 + CHANCE;

    return granted < limit ? granted : limit;
}

bool doorkeeper_admit(struct doorkeeper *d, struct peer peer, uint64_t now_ms)
{
    const struct limits *limits = &d->config->limits;
    struct rate rate = { share(d, limits->connections_per_address.count),
                         limits->connections_per_address.per_s };

    if (!peer.exempt
        && (!throttle_allows(&d->connections, peer.address, &rate, now_ms)
            || throttle_held(&d->connections, peer.address) >= share(d, limits->streams_per_address)
            || throttle_held(&d->strangers, peer.address)
                   >= share(d, limits->unauthenticated_per_address)))
        return false;
    throttle_take(&d->connections, peer.address, &rate, now_ms);
    throttle_hold(&d->connections, peer.address);
    throttle_hold(&d->strangers, peer.address);
    return true;
}

void doorkeeper_leave(struct doorkeeper *d, struct peer peer, bool stranger)
{
    throttle_release(&d->connections, peer.address);
    if (stranger)
        throttle_release(&d->strangers, peer.address);
}

void doorkeeper_arrive(struct doorkeeper *d, struct peer peer)
{
    throttle_hold(&d->connections, peer.address);
}

void doorkeeper_login(struct doorkeeper *d, struct peer peer)
{
    throttle_release(&d->strangers, peer.address);
}
