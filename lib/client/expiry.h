/* expiry.h: messages that disappear (XEP-0466): how long those of a chat stay, and which are to be erased when.
 *
 * A message stays for its own time after it was read, or, of ours, after it was sent, on each device by itself. The timer of a chat is
 * what either side set last, by the clock of who set it. Rows of BOOK_EXPIRY: 'T' and a bare JID, the timer; 'E' and the place of an
 * entry, what has to be known to erase it.
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_EXPIRY_H
#define SOTTO_CLIENT_EXPIRY_H

#include "client/engine_inside.h"

uint32_t expiry_timer(const struct engine *c, struct str chat); /* seconds; 0: for good */
/* Somebody has set it; true: it is another one than before. */
bool expiry_set(struct engine *c, struct str chat, uint32_t seconds, uint64_t set_ms);
struct xml_node *expiry_mark(struct arena *a, uint32_t seconds);

/* An entry has this place now. Its time begins at once if it was sent from elsewhere. */
void expiry_added(struct engine *c, const struct entry *e, struct bytes place);
/* The time of a message of ours begins. */
void expiry_sent(struct engine *c, struct str chat, struct str id);
/* That of everything in a chat begins, but for what is still unread. */
typedef bool expiry_unread(const void *ctx, struct str id);
void expiry_read(struct engine *c, struct str chat, expiry_unread *is_unread, const void *ctx);

/* Erases what is due. c->erase_at_ms: when something will be. */
void expiry_work(struct engine *c);

#endif
