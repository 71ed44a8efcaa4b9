/* panel.h: a page that lies over the conversation: a title, lines of which some can be chosen, perhaps a line to type in, and what the
 * keys do. Help, devices, the comparison of keys, search: all of them are panels, and the plain mode prints the same lines.
 *
 * Owns: its texts.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_PANEL_H
#define SOTTO_CLI_CHAT_PANEL_H

#include "cli/chat/composer.h"
#include "cli/chat/grid.h"

enum panel_kind {
    PANEL_NONE,
    PANEL_HELP,
    PANEL_GO,      /* to a chat: a name or an address is typed */
    PANEL_KEYS,    /* devices of a contact, and the safety number */
    PANEL_CODE,    /* the safety code to be scanned */
    PANEL_SCAN,    /* theirs, pasted */
    PANEL_MESSAGE, /* all about one message */
    PANEL_REACT,   /* signs to a message */
    PANEL_RETRACT, /* really? */
    PANEL_SEARCH,
    PANEL_PERSON, /* what can be done about the other side of a chat */
    PANEL_FILE,   /* which one */
    PANEL_TIMER,  /* how long messages stay */
    PANEL_NAME,   /* what they are called */
    PANEL_BLOCK,  /* really? */
    PANEL_PEOPLE, /* who asks */
    PANEL_CALLS,
    PANEL_INVITE, /* a link for somebody who has no account yet */
};

struct panel_row {
    struct str text;
    struct str value; /* of one that can be chosen; p == NULL: it cannot */
    enum style style;
};

struct panel {
    enum panel_kind kind;
    unsigned version; /* grows with every other content */
    struct arena arena;
    struct str title, foot;
    struct str chat; /* that it is about; empty: none, or all */
    struct buf id;   /* of the message that it is about, or the words that were looked for */
    struct panel_row *rows;
    size_t count, room;
    size_t cursor, top; /* rows: chosen, first shown */
    bool has_input;
    struct composer input;
};

void panel_init(struct panel *p);
void panel_deinit(struct panel *p);

/* Another page; what is typed stays if it is the same kind. */
void panel_begin(struct panel *p, enum panel_kind kind, struct str chat, struct str title,
                 struct str foot);
void panel_end(struct panel *p);
void panel_add(struct panel *p, enum style style, struct str text);
void panel_add_choice(struct panel *p, enum style style, struct str text, struct str value);
void panel_move(struct panel *p, int by);                    /* to the next choice, else the page */
const struct panel_row *panel_chosen(const struct panel *p); /* NULL: nothing */
/* The number-th choice, from 1: how the plain mode chooses. */
bool panel_choose(struct panel *p, size_t number);

#endif
