/* terminal.h: ncurses: draws grids, turns keys into calls, and leaves the terminal as it was, whatever happens.
 *
 * There is one per program, for ncurses has one of everything and so has the signal that a crash sends.
 * Owns: the terminal's modes and the descriptor that keys are read from.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_CHAT_TERMINAL_H
#define SOTTO_CLI_CHAT_TERMINAL_H

#include "cli/chat/grid.h"

struct terminal;

struct terminal_handlers {
    void (*key)(void *ctx, uint32_t key); /* keys.h */
    void (*paste)(void *ctx, struct str text);
    void (*focus)(void *ctx, bool on); /* the window is in front, or not any more */
};

/* NULL: no terminal, or none that can move its cursor; out_why then. */
struct terminal *terminal_open(const struct terminal_handlers *handlers, void *ctx,
                               const char **out_why);
void terminal_close(struct terminal *t); /* NULL is allowed */

int terminal_fd(const struct terminal *t); /* readable: terminal_read() */
bool terminal_read(struct terminal *t);    /* false: the terminal is gone */
bool terminal_is_utf8(void);               /* the locale that the program has set */

void terminal_size(struct terminal *t, int *out_width, int *out_height); /* as it is now */
/* False: the terminal takes nothing for now (Ctrl-S, a slow line): try again later. */
bool terminal_draw(struct terminal *t, const struct grid *g);
void terminal_redraw(struct terminal *t); /* all of it, next time */
void terminal_bell(struct terminal *t);
void terminal_suspend(struct terminal *t); /* returns when the shell brings us back */

#endif
