/* held.h: a message that waits for a person's decision about a new key, rather than for the network.
 *
 * Once a contact's key was compared, nothing leaves while a new device of theirs (or of our own) is undecided. Another device of ours
 * may still tell of it (XEP-0450), so it is waited for, but not for long: only `sotto trust` helps then, and the person has to be told.
 */
#ifndef SOTTO_CLI_HELD_H
#define SOTTO_CLI_HELD_H

#include "cli/account.h"

enum { HELD_PATIENCE_S = 10 };

/* Whose key holds back what is sent to `to`: in a's arena, or empty. */
struct str held_by(struct account *a, const struct jid *to);
/* The failure, and its exit status; `kept` says what becomes of what was to be sent. */
int held_fail(struct account *a, struct str by, const char *kept);

#endif
