/* asked.h: which requests a device has sent to other servers, and to devices of people here who are no contacts: only those may be
 * answered. Else an answer that nobody waits for (RFC 6120 §8.2.3) would be the one stanza by which a stranger reaches a device with
 * whatever he likes.
 *
 * Owns: a ring of keyed hashes in the session, from the first such request on.  Threads: those of the session's home.  Errors: none.
 */
#ifndef SOTTO_SERVER_ASKED_H
#define SOTTO_SERVER_ASKED_H

#include <stdbool.h>

#include "xmpp/stanza.h"

struct session;

/* A request of this session's goes out. */
void asked_note(struct session *s, const struct stanza *request);
/* The same for what it says to somebody here, if that is a request to a device of one who may not see it. An account as a whole is
 * answered for by the server. */
void asked_here(struct session *s, const struct stanza *said);
/* Whether this answer was asked for by the session that it is addressed to; a second one is not. */
bool asked_takes(struct session *s, const struct stanza *answer);

#endif
