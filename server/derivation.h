/* derivation.h: keys of a new password, made on another thread: tens of milliseconds (outcome_derive() in module.h).
 *
 * Owns: a copy of the password, zeroed with the keys.  Threads: the home's, but for the work itself.
 */
#ifndef SOTTO_SERVER_DERIVATION_H
#define SOTTO_SERVER_DERIVATION_H

#include "server/routed.h"

struct derivation *derivation_new(struct routed *r, struct str password,
                                  const struct scram_keys *salts, derived_fn *then);
void derivation_free(struct derivation *d); /* NULL is allowed */
void derivation_run(struct derivation *d);  /* router_derived() follows */
enum verdict derivation_continue(struct derivation *d, const struct incoming *in,
                                 struct outcome *out);

#endif
