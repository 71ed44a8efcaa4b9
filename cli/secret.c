/* secret.c: see secret.h. */
#include "cli/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_ROOM = 4096 };

/* ERR_MISSING: there is no line; ERR_TOO_BIG: it is too long. An empty line is one. */
static enum err read_line(FILE *from, struct arena *a, struct str *out)
{
    char line[LINE_ROOM];
    struct str text;
    enum err e = ERR_NONE;

    if (fgets(line, sizeof line, from) == NULL)
        return ERR_MISSING;
    text = str_from(line);
    if (text.n == sizeof line - 1 && text.p[text.n - 1] != '\n')
        e = ERR_TOO_BIG;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (e == ERR_NONE)
        *out = arena_str(a, text);
    secure_zero(line, sizeof line);
    return e;
}

static enum err ask(struct arena *a, const char *prompt, struct str *out)
{
    struct termios before, silent;
    enum err e;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return ERR_UNSUPPORTED;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s", prompt);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    e = read_line(stdin, a, out);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fprintf(stderr, "\n");
    return e;
}

enum err secret_password(struct arena *a, struct str *out, struct str *why)
{
    enum err e = ask(a, "Password: ", out);

    if (e == ERR_UNSUPPORTED)
        e = read_line(stdin, a, out);
    if (e == ERR_NONE && out->n == 0)
        e = ERR_MISSING;
    if (e != ERR_NONE)
        *why = STR("the first line of standard input is to be the password");
    return e;
}

static enum err from_file(struct arena *a, const char *file, struct str *out, struct str *why)
{
    FILE *in = fopen(file, "re");
    enum err e;

    if (in == NULL) {
        *why = arena_printf(a, "%s cannot be read: %s", file, strerror(errno));
        return ERR_IO;
    }
    setvbuf(in, NULL, _IONBF, 0); /* no copy of it stays in a buffer */
    e = read_line(in, a, out);
    fclose(in);
    if (e == ERR_NONE && out->n == 0)
        e = ERR_MISSING;
    if (e != ERR_NONE)
        *why = arena_printf(a, "the first line of %s is to be the passphrase", file);
    return e;
}

static enum err ask_new(struct arena *a, struct str *out, struct str *why)
{
    struct str again;

    fprintf(stderr, "Messages are kept on this machine, encrypted with a passphrase that is never "
                    "sent to anybody.\nWithout one (Enter), a key file on this machine unlocks "
                    "them.\n");
    *why = STR("no passphrase was typed");
    if (ask(a, "Passphrase: ", out) != ERR_NONE)
        return ERR_MISSING;
    if (out->n == 0)
        return ERR_NONE;
    if (ask(a, "Once more: ", &again) != ERR_NONE)
        return ERR_MISSING;
    *why = STR("the two are not the same");
    return str_eq(*out, again) ? ERR_NONE : ERR_DENIED;
}

enum err secret_passphrase(struct arena *a, const char *file, bool is_new, struct str *out,
                           struct str *why)
{
    *out = STR_NONE;
    if (file != NULL)
        return from_file(a, file, out, why);
    if (is_new)
        return isatty(STDIN_FILENO) ? ask_new(a, out, why) : ERR_NONE;
    if (isatty(STDIN_FILENO) && ask(a, "Passphrase: ", out) == ERR_NONE && out->n > 0)
        return ERR_NONE;
    *why = STR("the store is locked with a passphrase: name the file that holds it with "
               "--passphrase-file");
    return ERR_MISSING;
}
