/* keys.h: which key does what, in one table: the terminal asks it, the help is made of it.
 *
 * A key is a character, or one of the names below, with Ctrl or Alt.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_CLI_CHAT_KEYS_H
#define SOTTO_CLI_CHAT_KEYS_H

#include "cli/chat/model.h"

enum {
    PRESS_CTRL = 1 << 24, /* with a small letter or a sign */
    PRESS_ALT = 1 << 25,
    PRESS_NAMED = 1 << 26, /* above all characters */
};

enum press {
    PRESS_ENTER = PRESS_NAMED,
    PRESS_TAB,
    PRESS_ESCAPE,
    PRESS_BACKSPACE,
    PRESS_DELETE,
    PRESS_UP,
    PRESS_DOWN,
    PRESS_LEFT,
    PRESS_RIGHT,
    PRESS_HOME,
    PRESS_END,
    PRESS_PAGE_UP,
    PRESS_PAGE_DOWN,
    PRESS_F1,
    PRESS_F2,
    PRESS_F3,
    PRESS_F4,
    PRESS_F5,
    PRESS_F6,
    PRESS_F7,
    PRESS_F8,
    PRESS_F9,
};

/* ACT_NONE: a character means itself, anything else nothing. */
enum action keys_action(const struct model *m, uint32_t key);

struct key_help {
    const char *heading; /* or the next two */
    const char *keys, *what;
};
bool keys_next_help(size_t *cursor, struct key_help *out);

#endif
