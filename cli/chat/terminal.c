/* terminal.c: see terminal.h. */
#include "cli/chat/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/chat/guard.h"
#include "cli/chat/keys.h"
#include "cli/pause.h"

/* Last: they give short names to macros. */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

enum {
    ESCAPE = 27,
    ESCAPE_MS = 25, /* a lone Esc is one after this */
    PASTE_MAX = 64 * 1024,
    SIGN_CHARACTERS = SIGN_OCTETS,
    /* Ours beside those of ncurses. */
    CODE_PASTE = KEY_MAX + 1,
    CODE_PASTED,
    CODE_IN_FRONT,
    CODE_BEHIND,
    CODE_FIRST,
};

/* Pastes in brackets; whether the window is in front. Terminals that know neither ignore both. */
#define REPORTS_ON  "\033[?2004h\033[?1004h"
#define REPORTS_OFF "\033[?2004l\033[?1004l"

struct terminal {
    const struct terminal_handlers *handlers;
    void *ctx;
    SCREEN *screen;
    FILE *in;
    bool in_paste, utf8;
    struct buf paste;
    attr_t attributes[STYLES];
    short pairs[STYLES];
};

/* ---- Looks --------------------------------------------------------------------------------------- */

/* Without colours every style still has a look of its own where it matters: what is chosen, new or wrong. */
static const struct look {
    attr_t plain; /* without colours */
    attr_t coloured;
    short front, back; /* -1: the terminal's own */
} looks[STYLES] = {
    [STYLE_TEXT] = { A_NORMAL, A_NORMAL, -1, -1 },
    [STYLE_FAINT] = { A_DIM, A_DIM, -1, -1 },
    [STYLE_STRONG] = { A_BOLD, A_BOLD, COLOR_CYAN, -1 },
    [STYLE_OWN] = { A_BOLD, A_BOLD, COLOR_GREEN, -1 },
    [STYLE_BAR] = { A_REVERSE, A_REVERSE, -1, -1 },
    [STYLE_CHOSEN] = { A_REVERSE, A_NORMAL, COLOR_BLACK, COLOR_CYAN },
    [STYLE_UNREAD] = { A_BOLD, A_BOLD, COLOR_YELLOW, -1 },
    [STYLE_GOOD] = { A_NORMAL, A_NORMAL, COLOR_GREEN, -1 },
    [STYLE_ALARM] = { A_BOLD | A_REVERSE, A_BOLD, COLOR_WHITE, COLOR_RED },
    [STYLE_QUOTE] = { A_DIM, A_DIM, -1, -1 },
    [STYLE_CODE] = { A_NORMAL, A_NORMAL, COLOR_BLACK, COLOR_WHITE },
};

/* https://no-color.org: any value but an empty one. */
static bool wants_colours(void)
{
    const char *no = getenv("NO_COLOR");

    return (no == NULL || no[0] == '\0') && has_colors() && start_color() == OK
           && use_default_colors() == OK;
}

static void choose_looks(struct terminal *t)
{
    bool colours = wants_colours();

    for (int i = 0; i < STYLES; i++) {
        const struct look *l = &looks[i];

        t->attributes[i] = colours ? l->coloured : l->plain;
        t->pairs[i] = 0;
        if (colours && (l->front >= 0 || l->back >= 0)
            && init_pair((short)(i + 1), l->front, l->back) == OK)
            t->pairs[i] = (short)(i + 1);
    }
    /* A code must be dark on light: where that is not known, what most terminals are, turned over. */
    if (!colours)
        t->attributes[STYLE_CODE] = A_REVERSE;
}

/* ---- Keys ---------------------------------------------------------------------------------------- */

static const struct {
    const char *sequence;
    uint32_t key;
} extra[] = {
    { "\033[1;5D", PRESS_CTRL | PRESS_LEFT },    { "\033[1;5C", PRESS_CTRL | PRESS_RIGHT },
    { "\033[1;3A", PRESS_ALT | PRESS_UP },       { "\033[1;3B", PRESS_ALT | PRESS_DOWN },
    { "\033[1;3D", PRESS_CTRL | PRESS_LEFT },    { "\033[1;3C", PRESS_CTRL | PRESS_RIGHT },
    { "\033\033[A", PRESS_ALT | PRESS_UP },      { "\033\033[B", PRESS_ALT | PRESS_DOWN },
    { "\033\r", PRESS_ALT | PRESS_ENTER },       { "\033\n", PRESS_ALT | PRESS_ENTER },
    { "\033\177", PRESS_ALT | PRESS_BACKSPACE }, { "\033\b", PRESS_ALT | PRESS_BACKSPACE },
    { "\033[13;2u", PRESS_ALT | PRESS_ENTER },   { "\033[27;2;13~", PRESS_ALT | PRESS_ENTER },
};

static const struct {
    int code;
    uint32_t key;
} named[] = {
    { KEY_ENTER, PRESS_ENTER },     { KEY_BACKSPACE, PRESS_BACKSPACE },
    { KEY_DC, PRESS_DELETE },       { KEY_UP, PRESS_UP },
    { KEY_DOWN, PRESS_DOWN },       { KEY_LEFT, PRESS_LEFT },
    { KEY_RIGHT, PRESS_RIGHT },     { KEY_HOME, PRESS_HOME },
    { KEY_END, PRESS_END },         { KEY_PPAGE, PRESS_PAGE_UP },
    { KEY_NPAGE, PRESS_PAGE_DOWN }, { KEY_F(1), PRESS_F1 },
    { KEY_F(2), PRESS_F2 },         { KEY_F(3), PRESS_F3 },
    { KEY_F(4), PRESS_F4 },         { KEY_F(5), PRESS_F5 },
    { KEY_F(6), PRESS_F6 },         { KEY_F(7), PRESS_F7 },
    { KEY_F(8), PRESS_F8 },         { KEY_F(9), PRESS_F9 },
};

static void define_keys(void)
{
    define_key("\033[200~", CODE_PASTE);
    define_key("\033[201~", CODE_PASTED);
    define_key("\033[I", CODE_IN_FRONT);
    define_key("\033[O", CODE_BEHIND);
    for (size_t i = 0; i < COUNT_OF(extra); i++)
        define_key(extra[i].sequence, CODE_FIRST + (int)i);
}

static uint32_t key_of_code(int code)
{
    if (code >= CODE_FIRST && code < CODE_FIRST + (int)COUNT_OF(extra))
        return extra[code - CODE_FIRST].key;
    for (size_t i = 0; i < COUNT_OF(named); i++)
        if (named[i].code == code)
            return named[i].key;
    return 0;
}

static uint32_t key_of_character(uint32_t c)
{
    switch (c) {
    case '\r': return PRESS_ENTER;
    case '\t': return PRESS_TAB;
    case 0x7f: return PRESS_BACKSPACE;
    case 0: return PRESS_CTRL | ' ';
    default: break;
    }
    if (c < 0x1b)
        return PRESS_CTRL | (c + 'a' - 1);
    if (c < 0x20)
        return PRESS_CTRL | (c + '@');
    return c;
}

/* Esc, or Alt with the key that comes at once after it. */
static uint32_t after_escape(void)
{
    wint_t c;
    int got = get_wch(&c);

    if (got == ERR)
        return PRESS_ESCAPE;
    return PRESS_ALT | (got == KEY_CODE_YES ? key_of_code((int)c) : key_of_character((uint32_t)c));
}

static void add_pasted(struct terminal *t, wint_t c)
{
    char octets[4];

    if (c <= 0x10ffff && (c < 0xd800 || c > 0xdfff))
        buf_add(&t->paste, (struct str){ octets, utf8_put((uint32_t)c, octets) });
}

static void pasted(struct terminal *t)
{
    t->in_paste = false;
    t->handlers->paste(t->ctx, buf_str(&t->paste));
    if (t->paste.p != NULL)
        secure_zero(t->paste.p, t->paste.n);
    buf_reset(&t->paste);
}

static void take(struct terminal *t, int got, wint_t c)
{
    uint32_t key;

    if (got == KEY_CODE_YES && c == CODE_PASTE) {
        t->in_paste = true;
    } else if (got == KEY_CODE_YES && c == CODE_PASTED) {
        pasted(t);
    } else if (got == KEY_CODE_YES && (c == CODE_IN_FRONT || c == CODE_BEHIND)) {
        t->handlers->focus(t->ctx, c == CODE_IN_FRONT);
    } else if (t->in_paste) {
        if (got != KEY_CODE_YES)
            add_pasted(t, c);
    } else {
        key = got == KEY_CODE_YES ? key_of_code((int)c)
              : c == ESCAPE       ? after_escape()
                                  : key_of_character((uint32_t)c);
        if (key != 0)
            t->handlers->key(t->ctx, key);
    }
}

bool terminal_read(struct terminal *t)
{
    struct pollfd gone = { .fd = fileno(t->in), .events = POLLIN };
    wint_t c;
    int got;

    while ((got = get_wch(&c)) != ERR)
        take(t, got, c);
    return poll(&gone, 1, 0) < 0 || (gone.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

int terminal_fd(const struct terminal *t)
{
    return fileno(t->in);
}

/* ---- Drawing ------------------------------------------------------------------------------------- */

bool terminal_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* A terminal that has not UTF-8 gets ASCII. */
static void put(const struct terminal *t, int x, int y, const struct cell *c)
{
    struct str left = { c->sign.text, c->sign.n };
    wchar_t signs[SIGN_CHARACTERS + 1] = { 0 };
    cchar_t out;
    size_t n = 0;

    while (left.n > 0 && n < CCHARW_MAX) {
        int32_t point = utf8_next(&left);

        if (point < 0)
            break;
        signs[n++] = (wchar_t)point;
    }
    if (!t->utf8 && (n != 1 || signs[0] > 0x7e)) {
        signs[0] = L'?';
        signs[1] = L'\0';
    }
    if (setcchar(&out, signs, t->attributes[c->style], t->pairs[c->style], NULL) == OK)
        mvadd_wch(y, x, &out);
}

/* What cannot be written now is not waited for: the loop has other things to do. */
static bool takes_output(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

    return poll(&out, 1, 0) > 0 && (out.revents & POLLOUT) != 0;
}

bool terminal_draw(struct terminal *t, const struct grid *g)
{
    if (!takes_output())
        return false;
    erase();
    for (int y = 0; y < g->height; y++)
        for (int x = 0; x < g->width; x++) {
            const struct cell *c = &g->cells[(size_t)y * (size_t)g->width + (size_t)x];

            if (c->sign.width > 0)
                put(t, x, y, c);
        }
    curs_set(g->cursor_x >= 0);
    if (g->cursor_x >= 0)
        move(g->cursor_y, g->cursor_x);
    refresh();
    return true;
}

void terminal_redraw(struct terminal *t)
{
    (void)t;
    clearok(stdscr, TRUE);
}

void terminal_bell(struct terminal *t)
{
    (void)t;
    beep();
}

void terminal_size(struct terminal *t, int *out_width, int *out_height)
{
    struct winsize size = { 0 };

    (void)t;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0
        && (size.ws_col != COLS || size.ws_row != LINES))
        resizeterm(size.ws_row, size.ws_col);
    *out_width = COLS;
    *out_height = LINES;
}

/* ---- Life ---------------------------------------------------------------------------------------- */

static void say(const char *sequence)
{
    fputs(sequence, stdout);
    fflush(stdout);
}

/* As endwin() would leave it, but written by a handler: attributes off, the other screen away, the cursor back. */
static void raise_guard(const struct termios *modes)
{
    struct buf b;

    buf_init(&b, 256);
    buf_add(&b, STR(REPORTS_OFF));
    for (size_t i = 0; i < 3; i++) {
        const char *part =
            (const char *const[]){ exit_attribute_mode, exit_ca_mode, cursor_normal }[i];

        if (part != NULL)
            buf_add(&b, str_from(part));
    }
    guard_raise(STDOUT_FILENO, modes, buf_str(&b));
    buf_deinit(&b);
}

/* A descriptor of its own, so that what is set on it is not set for the shell's. */
static bool open_input(struct terminal *t)
{
    const char *name = ttyname(STDIN_FILENO);
    int fd = name != NULL ? open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;

    t->in = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (t->in == NULL && fd >= 0)
        close(fd);
    return t->in != NULL;
}

struct terminal *terminal_open(const struct terminal_handlers *handlers, void *ctx,
                               const char **out_why)
{
    struct terminal *t = mem_alloc(sizeof *t);
    struct termios modes;

    t->handlers = handlers;
    t->ctx = ctx;
    t->utf8 = terminal_is_utf8();
    buf_init(&t->paste, PASTE_MAX);
    *out_why = "this is no terminal: sotto chat --plain works without one";
    if (tcgetattr(STDOUT_FILENO, &modes) != 0 || !open_input(t)) {
        terminal_close(t);
        return NULL;
    }
    t->screen = newterm(NULL, stdout, t->in);
    *out_why = "this terminal (TERM) is not known: sotto chat --plain works on any";
    if (t->screen == NULL || cursor_address == NULL) {
        terminal_close(t);
        return NULL;
    }
    raise_guard(&modes);
    raw();
    noecho();
    nonl();
    set_escdelay(ESCAPE_MS);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    define_keys();
    choose_looks(t);
    say(REPORTS_ON);
    signal(SIGHUP, SIG_IGN); /* terminal_read() tells */
    return t;
}

void terminal_close(struct terminal *t)
{
    if (t == NULL)
        return;
    if (t->screen != NULL) {
        say(REPORTS_OFF);
        endwin();
        delscreen(t->screen);
    }
    guard_lower();
    if (t->in != NULL)
        fclose(t->in);
    if (t->paste.p != NULL)
        secure_zero(t->paste.p, t->paste.n);
    buf_deinit(&t->paste);
    mem_free(t);
}

void terminal_suspend(struct terminal *t)
{
    say(REPORTS_OFF);
    endwin();
    pause_for_shell();
    say(REPORTS_ON);
    terminal_redraw(t);
    refresh();
}
