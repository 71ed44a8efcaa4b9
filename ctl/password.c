/* password.c: read a password from standard input. */
#include "ctl/password.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_ROOM = 4096 };

static enum err read_line(struct arena *a, struct str *out)
{
    char line[PASSWORD_ROOM];
    struct str text;
    enum err e = ERR_MISSING;

    if (fgets(line, sizeof line, stdin) == NULL)
        return ERR_MISSING;
    text = str_from(line);
    if (text.n == sizeof line - 1 && text.p[text.n - 1] != '\n')
        e = ERR_TOO_BIG;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (text.n > 0 && e != ERR_TOO_BIG) {
        *out = arena_str(a, text);
        e = ERR_NONE;
    }
    secure_zero(line, sizeof line);
    return e;
}

enum err password_read(struct arena *a, struct str *out)
{
    struct termios before, silent;
    enum err e;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return read_line(a, out);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "Password: ");
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    e = read_line(a, out);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fprintf(stderr, "\n");
    return e;
}
