/* listen.h: listening sockets. The supervisor binds; each worker accepts on its own socket (SO_REUSEPORT).
 *
 * Owns: descriptors until they are given away.  Threads: its loop's.
 */
#ifndef SOTTO_IO_LISTEN_H
#define SOTTO_IO_LISTEN_H

#include "io/conn.h"

/* "127.0.0.1:5222", "[::1]:5222"; port 0 picks one. Opens `count` sockets on the same address; refuses if somebody
 * else listens there (ERR_EXISTS). out_port gets the real port. `why` gets one sentence for the operator. */
CHECKED enum err listen_bind(struct str address, unsigned count, int *out_fds, uint16_t *out_port,
                             struct str *why, struct arena *why_arena);

struct listener;
typedef void listener_accepted(void *ctx,
                               int fd); /* takes fd (non-blocking, close-on-exec, TCP_NODELAY) */
struct listener *listener_new(struct loop *l, int fd, listener_accepted *accepted, void *ctx);
void listener_free(struct listener *l); /* stops accepting and closes */

#endif
