/* budget.h: what an account may ask of others in an hour or a day: contact requests, and the device keys of people whom
 * it does not know (limits.subscriptions_per_account, bundle_targets_per_account, bundles_per_pair).
 *
 * Asking costs nothing and tells much: who exists, which devices he has, whether his one-time keys run out. A person
 * never comes near these limits.
 * Kept at the asking account's home, for the newest askers only, and forgotten with the process: who goes beyond what
 * is remembered starts anew, who does not cannot.
 * Owns: its tables.  Threads: the home's.  Units: milliseconds, as an input.
 */
#ifndef SOTTO_SERVER_BUDGET_H
#define SOTTO_SERVER_BUDGET_H

#include "base/random.h"
#include "server/settings.h"

struct budget {
    uint64_t seed[2];              /* of the keys of pairs */
    struct throttle subscriptions; /* by account */
    struct throttle targets;       /* by account: people asked for the first time */
    struct throttle met, keys;     /* by account and target: asked today; bundles */
    struct throttle vain;          /* by account: messages that came back because there is nobody */
};

void budget_init(struct budget *b, const struct random *random);
void budget_deinit(struct budget *b);

/* Each takes one if there is one; false: the account must wait. */
bool budget_subscribe(struct budget *b, const struct settings *s, int64_t account, uint64_t now_ms);
bool budget_fetch(struct budget *b, const struct settings *s, int64_t account, struct str target,
                  bool bundle, uint64_t now_ms);

/* A message came back because there is nobody of that name; may the account be told so still? */
void budget_vain(struct budget *b, int64_t account, uint64_t now_ms);
bool budget_tells(struct budget *b, int64_t account, uint64_t now_ms);

#endif
