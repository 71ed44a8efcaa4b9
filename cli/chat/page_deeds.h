/* page_deeds.h: what the person does on the page that lies over a chat, and how it comes and goes.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_PAGE_DEEDS_H
#define SOTTO_CLI_CHAT_PAGE_DEEDS_H

#include "cli/chat/model.h"

void page_begin(
    struct model *m); /* before it is filled; Esc will lead back to where the person is */
void page_end(struct model *m);
void page_show(struct model *m, void (*page)(struct model *m));
void page_show_keys(struct model *m);
void page_show_own(struct model *m); /* devices of our own */
void page_about(struct model *m);    /* the selected message */
/* What is done to the selected message ends in its page, or where it is written about. */
void page_on_selected(struct model *m,
                      bool (*deed)(struct model *m, const struct message *message));

void page_choose(struct model *m);
void page_decide(struct model *m, enum trust_action action);
void page_match(struct model *m);
void page_turn(struct model *m, void (*page)(struct model *m, struct str jid)); /* of a person */
void page_back(struct model *m);

#endif
