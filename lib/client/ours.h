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

#endif
