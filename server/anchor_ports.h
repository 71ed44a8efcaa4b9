/* anchor_ports.h: the UDP ports of the media anchor, opened by the supervisor: they stay ours while the anchor is started anew.
 *
 * Owns: nothing; descriptors stay open until the end of the process, texts live in the arena.
 * Threads: the supervisor's only one.  Errors: with one sentence in `why` that names the key to change.
 */
#ifndef SOTTO_SERVER_ANCHOR_PORTS_H
#define SOTTO_SERVER_ANCHOR_PORTS_H

#include "rtp/anchor_wire.h"
#include "server/config.h"

struct anchor_port {
    int fds[2];           /* of components 1 and 2, on neighbouring ports */
    struct str announced; /* the address that clients are told */
    uint16_t port;        /* of component 1 */
};

struct anchor_ports {
    struct anchor_port items[ANCHOR_PLACES];
    size_t count;
};

CHECKED enum err anchor_ports_open(const struct config *c, struct arena *a,
                                   struct anchor_ports *out, struct str *why);

#endif
