/* registration_guard.h: how many accounts may be made, by one address and by all (limits.registrations_per_address,
 * registrations).
 *
 * What counts is the attempt that costs the derivation of keys: who asks for names that are taken makes as much work as
 * who gets them. Like login_guard.h: each home keeps its own table and hears of every attempt anywhere
 * (host_ops.note_registration).
 * Owns: its table.  Threads: its home's.
 */
#ifndef SOTTO_SERVER_REGISTRATION_GUARD_H
#define SOTTO_SERVER_REGISTRATION_GUARD_H

#include "server/host.h"
#include "server/settings.h"

struct registration_guard {
    struct throttle addresses;
    struct bucket all;
};

void registration_guard_init(struct registration_guard *g);
void registration_guard_deinit(struct registration_guard *g);

/* How long somebody there has to wait until he may try; 0: now. */
uint64_t registration_guard_wait_ms(const struct registration_guard *g, const struct settings *s,
                                    struct peer peer, uint64_t now_ms);
void registration_guard_note(struct registration_guard *g, const struct settings *s,
                             uint64_t address, uint64_t now_ms);

#endif
