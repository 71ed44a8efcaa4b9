/* layout.h: where on the screen what is.
 *
 *   bar        who we are │ who the chat is with, and what it is worth
 *   calls      who calls, or who is talked to; a line each, if there is one
 *   list       the chats  │ talk: the conversation, or a panel
 *                         │ rule: who types, what waits
 *                         │ write: the text that is being written
 *   foot       the connection, a notice, the most needed keys
 *
 * A narrow screen shows the list or the conversation.
 * Owns: nothing.  Threads: pure.  Units: cells.
 */
#ifndef SOTTO_CLI_CHAT_LAYOUT_H
#define SOTTO_CLI_CHAT_LAYOUT_H

#include "cli/chat/model.h"

enum { WIDTH_MIN = 40, HEIGHT_MIN = 10, WIDE = 70, PROMPT = 2 };

struct area {
    int x, y, width, height; /* width 0: not shown */
};

struct layout {
    bool too_small;
    struct area calls, list, talk, rule, write;
    int list_lines; /* of one chat */
};

struct layout layout_of(const struct model *m);

#endif
