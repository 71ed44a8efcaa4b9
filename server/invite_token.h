/* invite_token.h: tokens of people's invitations: proof of who invites and until when, without a look at the store.
 *
 *     0         4         8                  24
 *     +---------+---------+------------------+
 *     | minutes | nonce   | HMAC             |   base32, 39 characters
 *     +---------+---------+------------------+
 *
 * So the home of the inviter knows at once that a subscription request with it is wanted (XEP-0379 §3.2). The account
 * that it may also make is the store's to count: there it is known by its hash like every invitation.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_INVITE_TOKEN_H
#define SOTTO_SERVER_INVITE_TOKEN_H

#include "base/arena.h"
#include "server/settings.h"

/* `nonce`: whatever tells two invitations of one minute apart. */
struct str invite_token(const struct settings *s, struct arena *a, struct str inviter,
                        uint64_t expires_ms, struct str nonce);
bool invite_token_is_of(const struct settings *s, struct str token, struct str inviter,
                        uint64_t now_ms);

/* What a token that has been used, or was taken back, is known by: when it ends, in minutes since 1970, and its hash. The same for whatever
 * spelling; empty if it is none. */
struct str invite_token_mark(struct arena *a, struct str token);
bool invite_token_mark_ended(struct str mark, uint64_t now_ms);

#endif
