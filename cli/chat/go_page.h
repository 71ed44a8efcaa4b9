/* go_page.h: the page where a chat is looked for by a part of its name, begun with an address, or a command is typed. Whoever types in the
 * list of chats comes here, so that what was typed is seen, and goes to nobody.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_GO_PAGE_H
#define SOTTO_CLI_CHAT_GO_PAGE_H

#include "cli/chat/model.h"

void go_page(struct model *m);
void go_typed(struct model *m); /* what is typed has changed, if this page is shown */
void go_chosen(struct model *m, const struct panel_row *row);

#endif
