/* calls_ring.h: a call that begins, at the callee's home: do devices ring, or what stays of it?
 *
 * For HOOK_IN; the account is that of the view.  Owns: nothing.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALLS_RING_H
#define SOTTO_SERVER_CALLS_RING_H

#include "server/calls_life.h"

/* Of a caller who was admitted. Devices ring, unless they rang too often, which leaves a record. */
enum call_limit calls_ring(struct outcome *out, struct str caller,
                           const struct call_message *propose);
/* Somebody who may not ring wanted to. */
void calls_ring_stranger(struct outcome *out, struct str stranger, unsigned media);

#endif
