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

void trust_met(struct engine *c, struct str bare, uint32_t device, const struct identity_key *key);
enum trust trust_of(const struct engine *c, struct str bare, const struct identity_key *key);
enum entry_trust trust_shown(enum trust t);

#endif
