/* composer.h: a text that a person is writing: several lines, a cursor, undoing, and what was cut out last.
 *
 * Undoing goes by steps as people think of them: a word typed, a thing deleted, a paste.
 * Owns: its texts, which it wipes.  Threads: one.  Units: octets; cells for widths.
 */
#ifndef SOTTO_CLI_CHAT_COMPOSER_H
#define SOTTO_CLI_CHAT_COMPOSER_H

#include "base/buf.h"
#include "cli/chat/text.h"

enum { COMPOSER_MAX = 32 * 1024, COMPOSER_STEPS = 64 };

enum composer_edit { EDIT_NONE, EDIT_TYPED, EDIT_DELETED, EDIT_OTHER };

struct composer_step {
    char *text;
    size_t n, cursor;
};

struct composer {
    struct buf text, cut;
    size_t cursor;
    struct composer_step undo[COMPOSER_STEPS], redo[COMPOSER_STEPS];
    size_t undo_count, redo_count;
    enum composer_edit last;
};

enum composer_to {
    TO_LEFT,
    TO_RIGHT,
    TO_WORD_LEFT,
    TO_WORD_RIGHT,
    TO_LINE_START,
    TO_LINE_END,
    TO_START,
    TO_END,
};

void composer_init(struct composer *c);
void composer_deinit(struct composer *c);
void composer_set(struct composer *c, struct str text); /* a new text, with nothing to undo */
struct str composer_text(const struct composer *c);

/* Other control characters than line breaks are left out. False: too long, nothing was done. */
bool composer_type(struct composer *c, struct str text);
bool composer_paste(struct composer *c, struct str text); /* one step */
void composer_move(struct composer *c, enum composer_to to);
/* Deletes what lies between the cursor and there; more than a character can be put back. */
void composer_delete(struct composer *c, enum composer_to to);
void composer_put_back(struct composer *c);
bool composer_undo(struct composer *c);
bool composer_redo(struct composer *c);

/* As it is shown in lines of `width` cells. */
void composer_place(const struct composer *c, int width, int *out_row, int *out_column,
                    int *out_rows);
/* To the line above (-1) or below (1). False: there is none. */
bool composer_move_row(struct composer *c, int width, int by);

#endif
