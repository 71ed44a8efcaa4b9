/* reading.h: what of a chat the person has seen, and who is told of it; and that the person is writing.
 *
 * A row of BOOK_CHAT for each chat: the last messages that are unread, and how far was read. Our other devices learn of it by
 * XEP-0490, whose node the server can read; the author of a message, by XEP-0333.
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_READING_H
#define SOTTO_CLIENT_READING_H

#include "client/arrival.h"

/* A message that came from somebody. */
void reading_came(struct engine *c, const struct entry *e, bool markable);
/* Another device of ours has told its author that this one was seen. */
void reading_marked(struct engine *c, struct str chat, struct str id);
/* An event of our own account's node. */
bool reading_event(struct engine *c, const struct stanza *message);
void reading_online(struct engine *c);
void reading_work(struct engine *c); /* tells what has not been told yet */

/* typing.c */
void typing_ended(struct engine *c, const struct jid *chat); /* by sending what was written */
void typing_forget(struct engine *c);

#endif
