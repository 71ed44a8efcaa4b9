/* login_guard.h: how often logging in may fail, per address and per account.
 *
 * Each home keeps its own tables and hears of every failure and success anywhere (host_ops.note_login), so nothing is
 * shared and guessing on many connections at once gains nothing. Accounts are known by a keyed hash of the name,
 * whether it exists or not.
 * An attacker who guesses at an account must not lock its owner out: a known device (XEP-0388 user-agent id of an
 * earlier login) and an address from which the account has logged in lately are not held to the account's limit.
 * Owns: its tables.  Threads: its home's.
 */
#ifndef SOTTO_SERVER_LOGIN_GUARD_H
#define SOTTO_SERVER_LOGIN_GUARD_H

#include "server/host.h"
#include "server/settings.h"

struct login_guard {
    struct throttle addresses, accounts; /* failures */
    struct throttle familiar;            /* (account, address) that succeeded */
};

void login_guard_init(struct login_guard *g);
void login_guard_deinit(struct login_guard *g);

uint64_t login_guard_key(const struct settings *s, struct str account); /* of a bare JID */

bool login_guard_admits_address(const struct login_guard *g, const struct settings *s,
                                struct peer peer, uint64_t now_ms);
bool login_guard_admits_account(const struct login_guard *g, const struct settings *s,
                                uint64_t account, struct peer peer, uint64_t now_ms);
void login_guard_note(struct login_guard *g, const struct settings *s, struct login_note note,
                      uint64_t now_ms);

#endif
