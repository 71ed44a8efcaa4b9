/* lifeline.h: the socketpair between supervisor and server: readiness one way, orders the other
 * way.
 *
 * Each message is one datagram. An order to reload carries the new configuration and the
 * certificate as descriptors of sealed memory, because the server process can no longer open files
 * outside of its folder.
 * Owns: the descriptors of an order until the next one arrives.  Threads: the loop's, for struct
 * lifeline.
 */
#ifndef SOTTO_SERVER_LIFELINE_H
#define SOTTO_SERVER_LIFELINE_H

#include "io/loop.h"
#include "server/config.h"

enum { LIFELINE_PATH_MAX = 32 };

enum order { ORDER_DRAIN, ORDER_RELOAD, ORDER_REFUSED };
enum heard { HEARD_NOTHING, HEARD_READY, HEARD_GONE };

struct lifeline_handlers {
    void (*drain)(void *ctx); /* stop accepting, end sessions, return from server_run() */
    /* Only keys marked live have changed; take a reference of what is kept. The paths are good
     * until the next call. */
    void (*reload)(void *ctx, const struct config *config, const char *certificate,
                   const char *key);
    void (*refused)(void *ctx);        /* there is a new configuration, and it cannot be taken */
    void (*anchor)(void *ctx, int fd); /* takes it: the link to an anchor that was just started */
    void (*orphaned)(void *ctx);       /* the supervisor is gone: end at once */
};

struct lifeline;
struct lifeline *lifeline_new(struct loop *l, int fd, const struct lifeline_handlers *handlers,
                              void *ctx);
void lifeline_ready(struct lifeline *line); /* every worker accepts now: makes `sotto: ready` */
void lifeline_free(struct lifeline *line);  /* NULL is allowed; does not close fd */

/* A name under which a passed descriptor can be opened again. */
void lifeline_path(int fd, char out[LIFELINE_PATH_MAX]);

/* The supervisor's side: datagrams without a loop. Descriptors are copied; -1 but with ORDER_RELOAD. */
CHECKED enum err lifeline_order(int fd, enum order order, int config_fd, int certificate_fd,
                                int key_fd);
CHECKED enum err lifeline_pass(int fd,
                               int passed_fd); /* a link to the anchor, to server or anchor */
enum heard lifeline_hear(int fd);              /* takes one datagram if there is one; never waits */

#endif
