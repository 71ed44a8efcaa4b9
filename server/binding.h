/* binding.h: opens the ports of the configuration and says where the server listens.
 *
 * Owns: nothing; descriptors and texts go to the caller (texts in the arena), who keeps them for
 * life: the ports stay ours while the server process is restarted, and clients wait in the backlog
 * meanwhile.
 * Threads: the supervisor's only one.  Errors: with one sentence in `why` that names the key to
 * change.
 */
#ifndef SOTTO_SERVER_BINDING_H
#define SOTTO_SERVER_BINDING_H

#include "server/server.h"

struct bindings {
    struct boot_listener *items;
    size_t count;
};

/* Listeners of features that do not exist yet stay closed. On failure some ports may stay open:
 * the process ends. */
CHECKED enum err binding_open(const struct config *c, struct arena *a, struct bindings *out,
                              struct str *why);

#endif
