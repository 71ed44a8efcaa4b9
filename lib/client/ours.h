/* ours.h: the devices of our own account, for the person to compare.
 *
 * Owns: nothing; results are in the caller's arena.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_OURS_H
#define SOTTO_CLIENT_OURS_H

#include "client/engine.h"

struct own_device {
    uint32_t id;
    bool is_this, speaks_03, speaks_2;
    struct str fingerprint; /* empty: nothing was exchanged with it yet */
};

/* This one first. What the server has not told yet is missing: ask when engine_is_settled(). */
size_t engine_own_devices(struct engine *c, struct arena *a, const struct own_device **out);

/* Sends a device away: its key is refused, it leaves the account's lists as soon as we are online, and the others are told
 * (trust_message.h), so that nobody encrypts anything to it. Whether it may log in is another matter (access.h).
 * A device whose key nobody has met yet goes just so, and its key is refused once it is met.
 * ERR_MALFORMED: this one itself; ERR_MISSING: no such device is known. */
CHECKED enum err engine_remove_device(struct engine *c, uint32_t id);

#endif
