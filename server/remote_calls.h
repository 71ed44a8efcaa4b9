/* remote_calls.h: how often the people of another server may ring here, all together. A server that is hostile, or has hostile people it does
 * not stop, has as many names as it likes; so its domain counts. What exceeds it puts the domain into quarantine: for an hour none of its
 * calls rings, and nobody is told. Beside it each account has strikes, as ours have (call_budget.h): who says three malformed words in an hour
 * rings nobody for a day.
 *
 * Counted where its streams are, before anybody is looked up. In memory: for the domains that there are pins for, and for the 16,384 accounts
 * that were struck last.
 * Owns: its entries.  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_REMOTE_CALLS_H
#define SOTTO_SERVER_REMOTE_CALLS_H

#include "base/random.h"
#include "server/throttle.h"

enum {
    REMOTE_CALLS_MINUTE = 30,
    REMOTE_CALLEES_MINUTE = 10, /* different ones */
    REMOTE_QUARANTINE_MS = 3600 * 1000,
};

struct remote_calls {
    struct map domains;
    struct throttle strikes, off; /* of an account */
    uint64_t seed[2];
};

void remote_calls_init(struct remote_calls *r, const struct random *random);
void remote_calls_deinit(struct remote_calls *r);

/* One of the domain calls this account, which may exist or not. False: the domain is in quarantine, perhaps from now on. */
bool remote_calls_allow(struct remote_calls *r, struct str domain, struct str callee,
                        uint64_t now_ms);

/* An account there has said what no honest client says. */
void remote_calls_strike(struct remote_calls *r, struct str account, uint64_t now_ms);
bool remote_calls_struck(const struct remote_calls *r, struct str account, uint64_t now_ms);

#endif
