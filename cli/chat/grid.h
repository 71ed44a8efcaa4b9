/* grid.h: what a screen shows: cells with characters and styles. The view fills it; a terminal draws it; tests read it as text.
 *
 * Owns: its cells.  Threads: one.  Units: cells.
 */
#ifndef SOTTO_CLI_CHAT_GRID_H
#define SOTTO_CLI_CHAT_GRID_H

#include "base/arena.h"
#include "cli/chat/text.h"

/* What a part of the screen is, not how it looks: the terminal decides that, with colours or without. */
enum style {
    STYLE_TEXT,
    STYLE_FAINT,  /* times, states, rules */
    STYLE_STRONG, /* names, titles */
    STYLE_OWN,    /* our own name */
    STYLE_BAR,    /* bars at the top and the bottom */
    STYLE_CHOSEN, /* where the cursor of a list is */
    STYLE_UNREAD,
    STYLE_GOOD,
    STYLE_ALARM,
    STYLE_QUOTE,
    STYLE_CODE, /* dark on light whatever the colours are: a QR code */
    STYLES,
};

struct cell {
    struct sign sign; /* width 0: covered by the one before */
    uint8_t style;
};

struct grid {
    int width, height;
    struct cell *cells;
    int cursor_x, cursor_y; /* cursor_x < 0: hidden */
};

void grid_init(struct grid *g, int width, int height); /* all spaces */
void grid_deinit(struct grid *g);

/* Writes from (x, y) and never reaches `end`; returns where the next cell is. */
int grid_put(struct grid *g, int x, int y, int end, enum style style, struct str text);
/* The same, with an ellipsis if it does not fit. */
int grid_put_cut(struct grid *g, int x, int y, int end, enum style style, struct str text,
                 struct str ellipsis);
void grid_fill(struct grid *g, int x, int y, int end, enum style style, struct str sign);

/* Lines, without spaces at their ends. */
struct str grid_text(const struct grid *g, struct arena *a);

#endif
