/* call_event.h: calls as other programs and people are told of them: {"event":"call","id","from","media":[…],"state"}.
 *
 *   state: ringing (they call), calling (we do), rings (a device of theirs does), answered, connected, ended (reason)
 *   in a chat, when all is over: talked (seconds), missed, declined, retracted, failed
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CALL_EVENT_H
#define SOTTO_CLI_CALL_EVENT_H

#include "cli/program.h"
#include "client/call.h"

/* How much is known of who is talked to, in words. */
const char *call_trust_words(enum entry_trust trust);

/* What an entry of the chat adds to the members that all entries have. */
void call_event_add(json_t *out, const struct entry *e);

/* With --json a line; `own` is our bare JID. Words are the caller's to say. */
void call_event_tell(const struct program *p, struct str own, const struct engine_event *e,
                     const char *state);

/* "bob@example.org calls (audio): `sotto answer ID`", or what else has come of it, as `listen` and `chat` say it. */
void call_event_say(const struct program *p, struct str own, const struct engine_event *e);

#endif
