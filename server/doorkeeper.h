/* doorkeeper.h: how often an address may connect and ask, and with how many connections at a time; and all that the
 * engine learns of addresses: a keyed hash of the IPv4 address or of the IPv6 /64.
 *
 * Each worker keeps its own counts. The kernel spreads connections over the workers by chance, so each grants its
 * share and some for that chance. Only the number of all connections (limits.connections) is shared, and exact.
 * Owns: its tables.  Threads: its worker's.
 */
#ifndef SOTTO_SERVER_DOORKEEPER_H
#define SOTTO_SERVER_DOORKEEPER_H

#include <stdatomic.h>

#include "server/config.h"
#include "server/host.h"

struct doorkeeper {
    const struct config *config;
    uint64_t key[2]; /* the same for all workers; of this run only */
    unsigned workers;
    atomic_size_t *open;                    /* connections of all workers */
    struct throttle connections, strangers; /* all of an address; those that have not logged in */
    struct throttle requests;               /* over HTTP */
    struct throttle guesses;                /* of passwords for relays */
};

void doorkeeper_init(struct doorkeeper *d, const struct config *config, const uint64_t key[2],
                     unsigned workers, atomic_size_t *open);
void doorkeeper_deinit(struct doorkeeper *d);

struct peer doorkeeper_peer(const struct doorkeeper *d,
                            const uint8_t ip[16]); /* IPv4 as ::ffff:a.b.c.d */

/* A new connection. False: it is to be closed at once. Else it is counted until it leaves. */
bool doorkeeper_admit(struct doorkeeper *d, struct peer peer, uint64_t now_ms);
/* One that was admitted is going to log in. False: too many of its address are. */
bool doorkeeper_admit_stranger(struct doorkeeper *d, struct peer peer);
/* A request over HTTP. 0: it is counted; else how long to wait. */
uint64_t doorkeeper_request(struct doorkeeper *d, struct peer peer, uint64_t now_ms);
/* Whether it has guessed too often; a wrong guess, and whether it may go on after it. */
bool doorkeeper_trusts(const struct doorkeeper *d, struct peer peer, uint64_t now_ms);
bool doorkeeper_forgives(struct doorkeeper *d, struct peer peer, uint64_t now_ms);
void doorkeeper_leave(struct doorkeeper *d, struct peer peer, bool stranger);
/* One that was admitted by another worker and has logged in there. */
void doorkeeper_arrive(struct doorkeeper *d, struct peer peer);
void doorkeeper_login(struct doorkeeper *d, struct peer peer); /* it is no stranger any more */

#endif
