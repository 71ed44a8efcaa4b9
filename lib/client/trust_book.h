/* trust_book.h: which keys of whose devices the person trusts, in the book. What follows from it is decided in omemo/trust.h.
 *
 * A key is met once: when a session with its device begins. The person is told of every new device then, and asked about it if
 * somebody of that account was verified before.
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_TRUST_BOOK_H
#define SOTTO_CLIENT_TRUST_BOOK_H

#include "client/engine_inside.h"
#include "omemo/identity.h"
#include "omemo/trust.h"

/* A device of our own that the person sends away before its key was met: it is refused from now on, and so is the key once it is met. */
void trust_refuse_unmet(struct engine *c, uint32_t device);
/* Whether a device of our own was sent away. */
bool trust_refuses(const struct engine *c, uint32_t device);
void trust_met(struct engine *c, struct str bare, uint32_t device, const struct identity_key *key);
/* A decision that was made elsewhere, on a device of ours; what was decided here stays. */
void trust_adopt(struct engine *c, const struct engine_key_info *k);
/* By another device, at that time. */
void trust_told(struct engine *c, const struct engine_key_info *k, bool trusts, uint64_t said_ms);
/* Compared, linked, or told of by such a device. */
static inline bool trust_is_authentic(const struct engine_key_info *k)
{
    return k->trust == TRUST_VERIFIED || (k->trust == TRUST_TRUSTED && k->linked);
}
bool trust_has_authentic(const struct engine *c, struct str bare, uint32_t device);
bool trust_key_is_authentic(const struct engine *c, struct str bare,
                            const struct identity_key *key);
enum trust trust_of(const struct engine *c, struct str bare, const struct identity_key *key);
enum entry_trust trust_shown(enum trust t);

#endif
