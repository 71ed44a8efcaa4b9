/* spent_tokens.h: tokens of an account's invitations that are of no more use, though they have not ended: somebody has become a contact by
 * them, or they were taken back. For the modules that do either.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_SPENT_TOKENS_H
#define SOTTO_SERVER_SPENT_TOKENS_H

#include "server/module.h"

/* It is a token of the view's account, holds still, and is not spent. */
bool spent_tokens_has_not(const struct incoming *in, struct arena *a, struct str token);

/* By `who`, a bare JID. */
void spent_tokens_add(const struct incoming *in, struct outcome *out, struct str token,
                      struct str who);

#endif
