/* keys.c: see keys.h. */
#include "cli/chat/keys.h"

enum where {
    LIST = 1,
    WRITE = 2,
    SELECT = 4,
    PAGE = 8,
    INPUT = 16,
    ANY = 31,
    TYPING = WRITE | INPUT
};

#define CTRL(letter) (PRESS_CTRL | (letter))
#define ALT(key)     (PRESS_ALT | (key))

/* The first that fits counts. `keys`: as people call them; NULL: not in the help, or named by a line before. */
static const struct {
    const char *heading;
    unsigned where;
    uint32_t key;
    enum action action;
    const char *keys, *what;
} table[] = {
    { .heading = "Everywhere" },
    { NULL, ANY, PRESS_F1, ACT_HELP, "F1", "this help" },
    { NULL, LIST | WRITE | SELECT, CTRL('t'), ACT_GO, "Ctrl-T, F2", "go to a chat, or begin one" },
    { NULL, LIST | WRITE | SELECT, PRESS_F2, ACT_GO, NULL, NULL },
    { NULL, LIST | WRITE | SELECT, PRESS_F4, ACT_KEYS, "F4",
      "devices, safety number: is it really them?" },
    { NULL, ANY, PRESS_F3, ACT_SEARCH, "F3", "search in the chat; twice: in all" },
    { NULL, LIST | WRITE | SELECT, PRESS_F5, ACT_PERSON, "F5", "about this person: contact, name" },
    { NULL, LIST | WRITE | SELECT, PRESS_F6, ACT_PEOPLE, "F6", "who wants to reach you" },
    { NULL, LIST | WRITE | SELECT, PRESS_F8, ACT_LASTING, "F8", "how long messages stay" },
    { NULL, ANY, PRESS_F9, ACT_CALLS, "F9", "calls: begin one, answer, hang up" },
    { NULL, LIST | WRITE | SELECT, ALT(PRESS_DOWN), ACT_NEXT_CHAT, "Alt-Down, Alt-Up",
      "next and previous chat" },
    { NULL, LIST | WRITE | SELECT, ALT(PRESS_UP), ACT_PREVIOUS_CHAT, NULL, NULL },
    { NULL, LIST | WRITE | SELECT, ALT('n'), ACT_NEXT_UNREAD, "Alt-N",
      "next chat with something new" },
    { NULL, ANY, PRESS_PAGE_UP, ACT_SCROLL_UP, "PgUp, PgDn", "back and forth in the conversation" },
    { NULL, ANY, PRESS_PAGE_DOWN, ACT_SCROLL_DOWN, NULL, NULL },
    { NULL, ANY, PRESS_ESCAPE, ACT_BACK, "Esc", "back" },
    { NULL, LIST | WRITE, PRESS_TAB, ACT_SWITCH, "Tab", "between the chats and the text" },
    { NULL, ANY, CTRL('l'), ACT_REDRAW, "Ctrl-L", "draw the screen again" },
    { NULL, ANY, CTRL('z'), ACT_SUSPEND, "Ctrl-Z", "to the shell; fg comes back" },
    { NULL, ANY, CTRL('q'), ACT_QUIT, "Ctrl-Q", "leave; what you were writing is kept" },
    { NULL, ANY, CTRL('c'), ACT_INTERRUPT, NULL, NULL },

    { .heading = "Chats" },
    { NULL, LIST, PRESS_UP, ACT_UP, "Up, Down", "choose" },
    { NULL, LIST, PRESS_DOWN, ACT_DOWN, NULL, NULL },
    { NULL, LIST, PRESS_HOME, ACT_FIRST, NULL, NULL },
    { NULL, LIST, PRESS_END, ACT_LAST, NULL, NULL },
    { NULL, LIST, PRESS_ENTER, ACT_CHOOSE, "Enter", "open" },
    { NULL, LIST, PRESS_RIGHT, ACT_CHOOSE, NULL, NULL },
    { NULL, 0, 0, ACT_NONE, "a letter, /", "finds a chat; a command" },

    { .heading = "Writing" },
    { NULL, WRITE, PRESS_ENTER, ACT_SEND, "Enter", "send" },
    { NULL, WRITE, ALT(PRESS_ENTER), ACT_NEWLINE, "Alt-Enter, Ctrl-J", "new line" },
    { NULL, WRITE, CTRL('j'), ACT_NEWLINE, NULL, NULL },
    { NULL, WRITE, PRESS_F7, ACT_FILE, "F7", "send a file" },
    { NULL, WRITE, PRESS_UP, ACT_UP, "Up", "in the first line: choose a message" },
    { NULL, WRITE, PRESS_DOWN, ACT_DOWN, NULL, NULL },
    { NULL, TYPING, PRESS_LEFT, ACT_LEFT, NULL, NULL },
    { NULL, TYPING, PRESS_RIGHT, ACT_RIGHT, NULL, NULL },
    { NULL, TYPING, CTRL('b'), ACT_LEFT, NULL, NULL },
    { NULL, TYPING, CTRL('f'), ACT_RIGHT, NULL, NULL },
    { NULL, TYPING, PRESS_CTRL | PRESS_LEFT, ACT_WORD_LEFT, "Ctrl-Left, Right", "by words" },
    { NULL, TYPING, PRESS_CTRL | PRESS_RIGHT, ACT_WORD_RIGHT, NULL, NULL },
    { NULL, TYPING, ALT('b'), ACT_WORD_LEFT, NULL, NULL },
    { NULL, TYPING, ALT('f'), ACT_WORD_RIGHT, NULL, NULL },
    { NULL, TYPING, CTRL('a'), ACT_LINE_START, "Ctrl-A, Ctrl-E", "beginning and end of the line" },
    { NULL, TYPING, CTRL('e'), ACT_LINE_END, NULL, NULL },
    { NULL, TYPING, PRESS_HOME, ACT_LINE_START, NULL, NULL },
    { NULL, TYPING, PRESS_END, ACT_LINE_END, NULL, NULL },
    { NULL, TYPING, PRESS_BACKSPACE, ACT_DELETE_LEFT, NULL, NULL },
    { NULL, TYPING, CTRL('h'), ACT_DELETE_LEFT, NULL, NULL },
    { NULL, TYPING, PRESS_DELETE, ACT_DELETE_RIGHT, NULL, NULL },
    { NULL, TYPING, CTRL('d'), ACT_DELETE_RIGHT, NULL, NULL },
    { NULL, TYPING, CTRL('w'), ACT_DELETE_WORD_LEFT, "Ctrl-W, Alt-D",
      "cut the word before, the word behind" },
    { NULL, TYPING, ALT(PRESS_BACKSPACE), ACT_DELETE_WORD_LEFT, NULL, NULL },
    { NULL, TYPING, ALT('d'), ACT_DELETE_WORD_RIGHT, NULL, NULL },
    { NULL, TYPING, CTRL('u'), ACT_DELETE_LINE_START, "Ctrl-U, Ctrl-K",
      "cut to the beginning, to the end of the line" },
    { NULL, TYPING, CTRL('k'), ACT_DELETE_LINE_END, NULL, NULL },
    { NULL, TYPING, CTRL('y'), ACT_PUT_BACK, "Ctrl-Y", "put back what was cut" },
    { NULL, TYPING, CTRL('_'), ACT_UNDO, "Ctrl-_, Alt-_", "undo, do again" },
    { NULL, TYPING, ALT('_'), ACT_REDO, NULL, NULL },

    { .heading = "A message" },
    { NULL, SELECT, PRESS_UP, ACT_UP, "Up, Down", "choose" },
    { NULL, SELECT, PRESS_DOWN, ACT_DOWN, NULL, NULL },
    { NULL, SELECT, 'k', ACT_UP, NULL, NULL },
    { NULL, SELECT, 'j', ACT_DOWN, NULL, NULL },
    { NULL, SELECT, PRESS_HOME, ACT_FIRST, NULL, NULL },
    { NULL, SELECT, PRESS_END, ACT_LAST, NULL, NULL },
    { NULL, SELECT, PRESS_ENTER, ACT_ABOUT, "Enter", "all about it" },
    { NULL, SELECT, 'r', ACT_REPLY, "r", "answer it" },
    { NULL, SELECT, 'e', ACT_EDIT, "e", "correct it, if it is yours" },
    { NULL, SELECT, '+', ACT_REACT, "+", "react with a sign" },
    { NULL, SELECT, 'd', ACT_RETRACT, "d", "take it back, if it is yours" },
    { NULL, SELECT, 'a', ACT_AGAIN, "a", "send it again, if it was not sent" },
    { NULL, SELECT, 's', ACT_SAVE, "s", "save its file" },
    { NULL, SELECT, 'q', ACT_QUOTE, "q", "quote it in what you write" },

    { .heading = "Devices" },
    { NULL, PAGE, PRESS_UP, ACT_UP, "Up, Down", "choose" },
    { NULL, PAGE | INPUT, PRESS_DOWN, ACT_DOWN, NULL, NULL },
    { NULL, INPUT, PRESS_UP, ACT_UP, NULL, NULL },
    { NULL, PAGE, 'k', ACT_UP, NULL, NULL },
    { NULL, PAGE, 'j', ACT_DOWN, NULL, NULL },
    { NULL, PAGE, 'm', ACT_MATCH, "m", "the safety number is the same on both sides" },
    { NULL, PAGE, 't', ACT_TRUST, "t", "trust the device, not compared" },
    { NULL, PAGE, 'v', ACT_VERIFY, "v", "its fingerprint was compared" },
    { NULL, PAGE, 'x', ACT_DISTRUST, "x", "send it nothing" },
    { NULL, PAGE, 'a', ACT_ACCEPT, NULL, NULL },
    { NULL, PAGE, 'c', ACT_CODE, "c", "show your code, for them to scan" },
    { NULL, PAGE, 's', ACT_SCAN, "s", "check their code" },
    { NULL, PAGE | INPUT, PRESS_ENTER, ACT_CHOOSE, NULL, NULL },
    { NULL, PAGE, 'q', ACT_BACK, NULL, NULL },
};

static unsigned where_is(const struct model *m)
{
    switch (m->focus) {
    case FOCUS_LIST: return LIST;
    case FOCUS_WRITE: return WRITE;
    case FOCUS_SELECT: return SELECT;
    case FOCUS_PANEL: break;
    }
    return m->panel.has_input ? INPUT : PAGE;
}

enum action keys_action(const struct model *m, uint32_t key)
{
    unsigned where = where_is(m);

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].heading == NULL && table[i].key == key && (table[i].where & where) != 0)
            return table[i].action;
    return ACT_NONE;
}

bool keys_next_help(size_t *cursor, struct key_help *out)
{
    for (; *cursor < COUNT_OF(table); ++*cursor)
        if (table[*cursor].heading != NULL || table[*cursor].keys != NULL) {
            *out = (struct key_help){ table[*cursor].heading, table[*cursor].keys,
                                      table[*cursor].what };
            ++*cursor;
            return true;
        }
    return false;
}
