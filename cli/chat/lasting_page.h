/* lasting_page.h: the page, and the command, that set how long messages of a chat stay (XEP-0466).
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_LASTING_PAGE_H
#define SOTTO_CLI_CHAT_LASTING_PAGE_H

#include "cli/chat/model.h"

void lasting_page(struct model *m);
void lasting_chosen(struct model *m, const struct panel_row *row);
void lasting_set(struct model *m,
                 struct str text); /* in the open chat, as typed; says what is wrong with it */

#endif
