/* writing.h: what the person writes: the text of a message, or the line of a page.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_WRITING_H
#define SOTTO_CLI_CHAT_WRITING_H

#include "cli/chat/model.h"

void writing_edit(struct model *m, enum action action); /* moves, deletes, undoes */
void writing_send(struct model *m);                     /* or does what was commanded */
void writing_quote(struct model *m);                    /* the selected message */
void writing_stop(struct model *m);                     /* answers and corrects nothing any more */

#endif
