/* watch.h: tells when any descriptor can be read or written, for what is no TCP connection: the
 * operator's socket, the supervisor's pair.
 *
 * Owns: the handle, not the descriptor, which must stay open until watch_free().  Threads: its
 * loop's.
 */
#ifndef SOTTO_IO_WATCH_H
#define SOTTO_IO_WATCH_H

#include "io/loop.h"

struct watch;
/* An error or a hang-up counts as both; reading or writing then says which. */
typedef void watch_ready(void *ctx, bool readable, bool writable);

/* Makes fd non-blocking. NULL: the system has no room to watch it. */
struct watch *watch_new(struct loop *l, int fd, watch_ready *ready, void *ctx);
/* What to wait for; at first nothing. */
void watch_set(struct watch *w, bool readable, bool writable); /* not of NULL */
void watch_free(struct watch *w); /* NULL is allowed; inside `ready` too */

#endif
