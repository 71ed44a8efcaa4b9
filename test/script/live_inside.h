/* live_inside.h: what the files of a live server share: live.c (the process), live_wire.c (its connections),
 * live_still.c (whether it moves).
 */
#ifndef SOTTO_TEST_SCRIPT_LIVE_INSIDE_H
#define SOTTO_TEST_SCRIPT_LIVE_INSIDE_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "base/list.h"
#include "test/script/live.h"

struct live {
    struct arena *arena;
    const char *program;
    struct str folder;
    char *room;             /* for its log */
    struct world *prepared; /* until the server runs */
    pid_t pid;              /* 0: it was not started */
    unsigned port, tls_port;
    SSL_CTX *tls;
    struct list wires;
    bool stirred;   /* clients did something since the server was still */
    struct str why; /* it did not start */
};

bool live_start(struct live *l); /* once; later calls tell whether it went well */

extern const struct transport_ops live_transport_ops;
void live_wires_free(struct live *l);

/* live_events.c */
bool live_events_tell_nobody(const struct live *l);

/* live_still.c: waits until no thread of the server and its children has anything to do, a few seconds at most. */
void live_wait_still(pid_t supervisor);

#endif
