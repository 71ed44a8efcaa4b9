/* pages.h: what the panels say.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_PAGES_H
#define SOTTO_CLI_CHAT_PAGES_H

#include "cli/chat/model.h"

void page_help(struct model *m);
void page_keys(struct model *m, struct str jid);
void page_code(struct model *m, struct str jid);
void page_scan(struct model *m, struct str jid);
void page_invite(struct model *m);
void page_message(struct model *m, const struct message *message);

#endif
