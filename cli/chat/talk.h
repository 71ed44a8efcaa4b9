/* talk.h: a conversation as lines: days, who speaks, what is new, what was said.
 *
 * Only what is near the screen is laid out, so a long past costs nothing.
 * Owns: nothing; lines lie in the arena and borrow the model's texts.  Threads: one.  Units: cells.
 */
#ifndef SOTTO_CLI_CHAT_TALK_H
#define SOTTO_CLI_CHAT_TALK_H

#include "cli/chat/model.h"
#include "cli/chat/symbols.h"

enum talk_kind {
    TALK_DAY,
    TALK_UNREAD,
    TALK_AUTHOR, /* more: what the messages below are worth */
    TALK_QUOTE,
    TALK_TEXT,
    TALK_NOTE, /* reactions, why it failed */
};

struct talk_row {
    struct str text, more;
    const struct message *message;
    size_t index; /* of the message */
    enum talk_kind kind;
    enum style style;
    bool is_last; /* of a message's text: time and state stand there */
};

enum { TALK_INDENT = 2, TALK_STATE = 10 /* "  ✓✓ 14:03" less the indent */ };

struct talk {
    struct arena arena;
    struct talk_row *rows;
    size_t count, room;
};

void talk_deinit(struct talk *t);

/* The lines that an area of this size shows, the last one at its lower edge. */
void talk_layout(struct talk *t, const struct model *m, int width, int height);
/* Moves the open conversation: by > 0 into the past. Returns whether its beginning (as far as it is loaded) is near. */
bool talk_scroll(struct model *m, int width, int height, int by);
/* So that this message is on the screen. */
void talk_reveal(struct model *m, int width, int height, size_t index);

#endif
