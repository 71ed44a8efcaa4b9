/* visit.h: which chat is open, and how the person gets to another one.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_VISIT_H
#define SOTTO_CLI_CHAT_VISIT_H

#include "cli/chat/model.h"

void visit_chat(struct model *m, struct chat *c);
void visit_leave(struct model *m);                 /* no chat is open then */
void visit_beside(struct model *m, int by);        /* the one above or below in the list */
void visit_unread(struct model *m);                /* the next one with something new */
void visit_older(struct model *m, struct chat *c); /* wishes for older entries of it */

/* The one above or below; the first one if `c` is NULL; NULL: there is no chat. */
struct chat *visit_neighbour(const struct model *m, const struct chat *c, int by);

#endif
