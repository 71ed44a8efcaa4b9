/* call_alias.h: in calls, what a device of another server is called here: its account and a resource that this server makes,
 * `r-` and base32 of an HMAC of both sides. So nothing of a caller's choice but the call's id reaches a device before a person accepts.
 *
 * An alias stands for the address while a call has it; presence and messages keep the address as it is.
 * Owns: nothing; the call has the texts.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALL_ALIAS_H
#define SOTTO_SERVER_CALL_ALIAS_H

#include "server/calls_life.h"
#include "server/settings.h"

/* Of a full address, for this account of ours; the same each time, and not to be guessed. */
struct str call_alias(struct arena *a, const struct settings *s, struct str account,
                      const struct jid *device);
/* From now on until the call is forgotten: what is told to the alias goes to the address. Copied. */
void call_alias_set(struct call *c, struct str alias, const struct jid *device);
/* The address that an alias stands for; any other text as it is. */
struct str call_alias_resolve(const struct home *h, struct str full);

#endif
