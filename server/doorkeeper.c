/* doorkeeper.c: counts per address, and of all. */
#include "server/doorkeeper.h"

#include <string.h>

enum { REMEMBERED = 16 * 1024, CHANCE = 4 };

void doorkeeper_init(struct doorkeeper *d, const struct config *config, const uint64_t key[2],
                     unsigned workers, atomic_size_t *open)
{
    *d = (struct doorkeeper){
        .config = config, .key = { key[0], key[1] }, .workers = workers, .open = open
    };
    throttle_init(&d->connections, REMEMBERED);
    throttle_init(&d->strangers, REMEMBERED);
    throttle_init(&d->requests, REMEMBERED);
    throttle_init(&d->guesses, REMEMBERED);
}

void doorkeeper_deinit(struct doorkeeper *d)
{
    throttle_deinit(&d->connections);
    throttle_deinit(&d->strangers);
    throttle_deinit(&d->requests);
    throttle_deinit(&d->guesses);
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

static struct rate share_of_rate(const struct doorkeeper *d, const struct rate *rate)
{
    return (struct rate){ share(d, rate->count), rate->per_s };
}

/* Exact, whichever worker asks: whoever goes beyond it takes his own back. */
static bool take_place(struct doorkeeper *d, struct peer peer)
{
    uint64_t limit = d->config->limits.connections;

    if (atomic_fetch_add(d->open, 1) < limit || limit == 0 || peer.exempt)
        return true;
    atomic_fetch_sub(d->open, 1);
    return false;
}

bool doorkeeper_admit(struct doorkeeper *d, struct peer peer, uint64_t now_ms)
{
    const struct limits *limits = &d->config->limits;
    struct rate rate = share_of_rate(d, &limits->connections_per_address);

    if (!peer.exempt
        && (!throttle_allows(&d->connections, peer.address, &rate, now_ms)
            || throttle_held(&d->connections, peer.address)
                   >= share(d, limits->streams_per_address)))
        return false;
    if (!take_place(d, peer))
        return false;
    throttle_take(&d->connections, peer.address, &rate, now_ms);
    throttle_hold(&d->connections, peer.address);
    return true;
}

bool doorkeeper_admit_stranger(struct doorkeeper *d, struct peer peer)
{
    uint64_t limit = share(d, d->config->limits.unauthenticated_per_address);

    if (!peer.exempt && throttle_held(&d->strangers, peer.address) >= limit)
        return false;
    throttle_hold(&d->strangers, peer.address);
    return true;
}

uint64_t doorkeeper_request(struct doorkeeper *d, struct peer peer, uint64_t now_ms)
{
    struct rate rate = share_of_rate(d, &d->config->limits.requests_per_address);
    uint64_t wait_ms =
        peer.exempt ? 0 : throttle_wait_ms(&d->requests, peer.address, &rate, now_ms);

    if (wait_ms == 0 && !peer.exempt)
        throttle_take(&d->requests, peer.address, &rate, now_ms);
    return wait_ms;
}

bool doorkeeper_trusts(const struct doorkeeper *d, struct peer peer, uint64_t now_ms)
{
    struct rate rate = share_of_rate(d, &d->config->limits.failed_logins_per_address);

    return peer.exempt || throttle_allows(&d->guesses, peer.address, &rate, now_ms);
}

bool doorkeeper_forgives(struct doorkeeper *d, struct peer peer, uint64_t now_ms)
{
    struct rate rate = share_of_rate(d, &d->config->limits.failed_logins_per_address);

    throttle_take(&d->guesses, peer.address, &rate, now_ms);
    return doorkeeper_trusts(d, peer, now_ms);
}

void doorkeeper_leave(struct doorkeeper *d, struct peer peer, bool stranger)
{
    atomic_fetch_sub(d->open, 1);
    throttle_release(&d->connections, peer.address);
    if (stranger)
        throttle_release(&d->strangers, peer.address);
}

/* It was let in at another worker's door. */
void doorkeeper_arrive(struct doorkeeper *d, struct peer peer)
{
    atomic_fetch_add(d->open, 1);
    throttle_hold(&d->connections, peer.address);
}

void doorkeeper_login(struct doorkeeper *d, struct peer peer)
{
    throttle_release(&d->strangers, peer.address);
}
