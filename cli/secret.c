/* secret.c: see secret.h. */
#include "cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/secret_line.h"

enum err secret_password(struct arena *a, struct str *out, struct str *why)
{
    enum err e = secret_line(a, "Password: ", out);

    if (e != ERR_NONE)
        *why = STR("the first line of standard input is to be the password");
    return e;
}

static enum err from_file(struct arena *a, const char *file, struct str *out, struct str *why)
{
    int in = open(file, O_RDONLY | O_CLOEXEC);
    enum err e;

    if (in < 0) {
        *why = arena_printf(a, "%s cannot be read: %s", file, strerror(errno));
        return ERR_IO;
    }
    e = secret_line_read(in, a, out);
    close(in);
    if (e == ERR_NONE && out->n == 0)
        e = ERR_MISSING;
    if (e != ERR_NONE)
        *why = arena_printf(a, "the first line of %s is to be the passphrase", file);
    return e;
}

static enum err ask_new(struct arena *a, const char *prompt, struct str *out, struct str *why)
{
    struct str again;

    *why = STR("no passphrase was typed");
    if (secret_line_ask(a, prompt, out) != ERR_NONE)
        return ERR_MISSING;
    if (out->n == 0)
        return ERR_NONE;
    if (secret_line_ask(a, "Once more: ", &again) != ERR_NONE)
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
    if (is_new && !isatty(STDIN_FILENO))
        return ERR_NONE;
    if (is_new) {
        fprintf(stderr,
                "Messages are kept on this machine, encrypted with a passphrase that is never\n"
                "sent to anybody. Without one (Enter), a key file on this machine unlocks them.\n");
        return ask_new(a, "Passphrase: ", out, why);
    }
    if (isatty(STDIN_FILENO) && secret_line_ask(a, "Passphrase: ", out) == ERR_NONE && out->n > 0)
        return ERR_NONE;
    *why = STR("the store is locked with a passphrase: name the file that holds it with "
               "--passphrase-file");
    return ERR_MISSING;
}

enum err secret_new(struct arena *a, const char *file, struct str *out, struct str *why)
{
    enum err e;

    *out = STR_NONE;
    if (file != NULL)
        return from_file(a, file, out, why);
    if (!isatty(STDIN_FILENO)) {
        *why = STR("what shall open the store from now on: --new-passphrase-file FILE, or "
                   "--remove?");
        return ERR_MISSING;
    }
    if ((e = ask_new(a, "New passphrase: ", out, why)) != ERR_NONE || out->n > 0)
        return e;
    *why = STR("no passphrase was typed; --remove lets a key file open the store");
    return ERR_MISSING;
}

enum err secret_of_backup(struct arena *a, const char *file, struct str *out, struct str *why)
{
    *out = STR_NONE;
    if (file != NULL)
        return from_file(a, file, out, why);
    if (!isatty(STDIN_FILENO)) {
        *why = STR("what shall open the backup: --passphrase-file FILE, or --recovery-code?");
        return ERR_MISSING;
    }
    fprintf(stderr, "Whoever has the backup and this passphrase reads everything.\nWithout one "
                    "(Enter), a recovery code to be written down opens it.\n");
    return ask_new(a, "Passphrase: ", out, why);
}
