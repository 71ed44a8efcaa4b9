/* transport.h: how a scripted client reaches its server: the engine in this process, or a socket.
 *
 * A wire is the client's end of one connection. Threads: one.
 */
#ifndef SOTTO_TEST_SCRIPT_TRANSPORT_H
#define SOTTO_TEST_SCRIPT_TRANSPORT_H

#include "base/buf.h"

struct transport_ops {
    void *(*open)(void *ctx, struct str address); /* from there, in clear; owned by the transport */
    void (*secure)(void *wire);                   /* TLS from here on */
    void (*write)(void *wire, struct str bytes);
    bool (*read)(void *wire,
                 struct buf *in); /* appends what is there; false: the server has ended it */
    void (*freeze)(void *wire, bool frozen); /* the client does not read meanwhile; NULL: cannot */
    void (*cut)(void *wire);                 /* without a word */
    /* Until nothing moves any more; false: `wire` has nothing to read. */
    bool (*settle)(void *ctx, void *wire);
    /* For what has to come: false when patience ends. NULL: what comes is there once all is settled. */
    bool (*await)(void *wire);
};

struct transport {
    const struct transport_ops *ops;
    void *ctx;
};

#endif
