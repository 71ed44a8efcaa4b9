/* wishes.h: decisions about people that travel as presence, by the tags of the line (line_send()).
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_WISHES_H
#define SOTTO_CLIENT_WISHES_H

#include "client/engine_inside.h"

#define WISH_TAG (UINT64_C(1) << 63) /* in tags of ours; the others are the outbox's */

void wishes_acked(struct engine *c, uint64_t tag);
void wishes_unsent(struct engine *c,
                   uint64_t tag); /* the line had no room: it goes out with the next work */

#endif
