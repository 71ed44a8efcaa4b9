/* keys.h: our own keys of OMEMO, in the book: identity, signed prekeys, one-time prekeys for each version.
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_KEYS_H
#define SOTTO_CLIENT_KEYS_H

#include "client/engine_inside.h"
#include "omemo/bundle.h"
#include "omemo/ratchet.h"

/* Makes what is missing and renews what is due. */
void keys_tend(struct engine *c);
/* What has served its time goes; not before the archive has been read, where somebody may have used it. */
void keys_drop_old(struct engine *c);

/* How many of the keys that others see are out of date in the bundle that the server has; KEYS_UNTOLD_MAX and more: one that they cannot
 * do without. */
enum { KEYS_UNTOLD_MAX = PREKEY_COUNT / 2 };
uint32_t keys_untold(const struct engine *c, enum omemo version);
void keys_tell_all(struct engine *c, enum omemo version);
void keys_told(struct engine *c, enum omemo version, uint32_t count); /* so many are told of now */

/* The identity that a new device has shown already, before keys_tend() makes one. */
void keys_adopt(struct engine *c, const struct identity *self);

/* What others need to begin a session with us, in the arena. */
struct bundle keys_bundle(const struct engine *c, struct arena *a, enum omemo version);

/* One-time prekeys are chosen by their users, so two may take the same one: a used one is published no more, but serves for some days.
 * ERR_MISSING: we never had it, or that time is over. ERR_EXISTS: this session has begun with it before; somebody repeats its beginning. */
CHECKED enum err keys_prekey(const struct engine *c, enum omemo version, uint32_t id,
                             const uint8_t session[SESSION_ID], struct prekey *out);
bool keys_signed(const struct engine *c, uint32_t id, struct prekey *out);
/* It has served this session; another takes its place. */
void keys_used(struct engine *c, enum omemo version, uint32_t id,
               const uint8_t session[SESSION_ID]);

#endif
