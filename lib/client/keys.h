/* keys.h: our own keys of OMEMO, in the book: identity, signed prekeys, one-time prekeys for each version.
 *
 * Owns: nothing.  Threads: as client.h.
 */
#ifndef SOTTO_CLIENT_KEYS_H
#define SOTTO_CLIENT_KEYS_H

#include "client/engine.h"
#include "omemo/bundle.h"

/* Makes what is missing and renews what is due. True: something changed that others have to know. */
bool keys_tend(struct client *c);

/* What others need to begin a session with us, in the arena. */
struct bundle keys_bundle(const struct client *c, struct arena *a, enum omemo version);

/* False: we never had it, or it is used up. */
bool keys_prekey(const struct client *c, enum omemo version, uint32_t id, struct prekey *out);
bool keys_signed(const struct client *c, uint32_t id, struct prekey *out);
/* A one-time prekey has served: another takes its place. */
void keys_used(struct client *c, enum omemo version, uint32_t id);

#endif
