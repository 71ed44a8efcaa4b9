/* open.h: the secret that somebody's device has sealed for this one, in whatever it came.
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_OPEN_H
#define SOTTO_CLIENT_OPEN_H

#include "client/engine_inside.h"
#include "omemo/encrypted.h"
#include "omemo/remote.h"

/* The session with that device of `author` (a bare JID) has gone on in the book then. ERR_MISSING: nothing in it is for this device;
 * ERR_EXISTS: it was opened before; else as remote.h. The caller zeroes *out. */
CHECKED enum err open_keys(struct engine *c, struct str author, const struct encrypted *e,
                           struct remote_received *out);

#endif
