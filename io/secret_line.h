/* secret_line.h: passwords and the like, from a terminal without echo or as one line of a file.
 *
 * Owns: nothing; the text lives in the arena.  Threads: one, blocking.
 * Errors: ERR_MISSING: there is no line; ERR_TOO_BIG: it is too long; ERR_UNSUPPORTED: standard input is no terminal.
 */
#ifndef SOTTO_IO_SECRET_LINE_H
#define SOTTO_IO_SECRET_LINE_H

#include "base/arena.h"

/* An empty line is one. Nothing behind it is read, and nothing of it stays outside the arena, which is to be one for secrets. */
CHECKED enum err secret_line_read(int fd, struct arena *a, struct str *out);
/* From the terminal, after the prompt on standard error. */
CHECKED enum err secret_line_ask(struct arena *a, const char *prompt, struct str *out);
/* Asked for if standard input is a terminal, else its first line. Empty is ERR_MISSING. */
CHECKED enum err secret_line(struct arena *a, const char *prompt, struct str *out);

#endif
