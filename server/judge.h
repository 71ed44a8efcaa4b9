/* judge.h: a stanza before the hooks, at its origin and at its target; router.c does what they decide.
 *
 * Owns: nothing.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_JUDGE_H
#define SOTTO_SERVER_JUDGE_H

#include "server/home.h"
#include "server/routed.h"

/* What hooks see of it at this account's home. */
struct incoming judge_incoming(const struct routed *r, const struct home *h,
                               const struct account *a);

enum verdict judge_hooks(enum hook hook, const struct incoming *in, struct outcome *out);

/* At the home of r->account: hooks, then handlers of requests. */
enum verdict judge_at_target(struct routed *r, const struct incoming *in, struct outcome *out);

#endif
