/* deeds.h: what can be done to a message and to a person, and the pages that it takes.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_DEEDS_H
#define SOTTO_CLI_CHAT_DEEDS_H

#include "cli/chat/model.h"

/* True: a page is to be shown, which was begun. */
bool deed_reply(struct model *m, const struct message *message);
bool deed_edit(struct model *m, const struct message *message);
bool deed_react(struct model *m, const struct message *message);
bool deed_retract(struct model *m, const struct message *message);
bool deed_again(struct model *m, const struct message *message);
bool deed_save(struct model *m, const struct message *message);

void deed_search(struct model *m); /* in the open chat; again: in all */
void deed_person(struct model *m);
void deed_people(struct model *m);
void deed_file(struct model *m);
void deed_answer(struct model *m, bool accept);

/* Enter on a page; row is NULL if nothing can be chosen. True: the page is over. */
bool deed_chosen(struct model *m, const struct panel_row *row);

#endif
