/* move.h: the cursor: in the list, among the messages, in what is written, on a page.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_MOVE_H
#define SOTTO_CLI_CHAT_MOVE_H

#include "cli/chat/model.h"

void move_by(struct model *m, int by); /* up: -1, down: 1 */
void move_far(struct model *m, bool last);
void move_page(struct model *m, int direction); /* up: 1, down: -1 */

#endif
