/* secret_line.c: see secret_line.h. */
#include "io/secret_line.h"

#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_ROOM = 4000 }; /* with an arena's head, a page */

/* One octet at a time, since there is no buffer that could keep a copy. False: the file ends. */
static bool read_octet(int fd, char *out)
{
    ssize_t n;

    while ((n = read(fd, out, 1)) < 0 && errno == EINTR)
        continue;
    return n == 1;
}

enum err secret_line_read(int fd, struct arena *a, struct str *out)
{
    char *line = arena_raw(a, LINE_ROOM);
    size_t n = 0;
    bool more;

    while ((more = read_octet(fd, line + n)) && line[n] != '\n')
        if (++n == LINE_ROOM)
            return ERR_TOO_BIG;
    if (!more && n == 0)
        return ERR_MISSING;
    while (n > 0 && line[n - 1] == '\r')
        n--;
    *out = (struct str){ line, n };
    return ERR_NONE;
}

enum err secret_line_ask(struct arena *a, const char *prompt, struct str *out)
{
    struct termios before, silent;
    enum err e;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return ERR_UNSUPPORTED;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH,
              &silent); /* first: whoever answers a prompt at once is not to be flushed away */
    fprintf(stderr, "%s", prompt);
    e = secret_line_read(STDIN_FILENO, a, out);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fprintf(stderr, "\n");
    return e;
}

enum err secret_line(struct arena *a, const char *prompt, struct str *out)
{
    enum err e = secret_line_ask(a, prompt, out);

    if (e == ERR_UNSUPPORTED)
        e = secret_line_read(STDIN_FILENO, a, out);
    return e == ERR_NONE && out->n == 0 ? ERR_MISSING : e;
}
