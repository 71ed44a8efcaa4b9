/* secret.h: passwords and passphrases: from standard input, a file, or typed without echo.
 *
 * Owns: nothing; results go into the arena, which is one for secrets (ARENA_SECRET) and is dropped as soon as they are not needed.  Threads: one.  Errors: in words.
 */
#ifndef SOTTO_CLI_SECRET_H
#define SOTTO_CLI_SECRET_H

#include "base/arena.h"

/* The first line of standard input; asked for if that is a terminal. */
CHECKED enum err secret_password(struct arena *a, struct str *out, struct str *why);

/* What unlocks the store: the first line of `file`, else what is typed. For a new store it is typed twice, and may be left
 * out: then, and without a terminal, it is empty. */
CHECKED enum err secret_passphrase(struct arena *a, const char *file, bool is_new, struct str *out,
                                   struct str *why);

/* What is to unlock it from now on: the first line of `file`, else typed twice; never empty. */
CHECKED enum err secret_new(struct arena *a, const char *file, struct str *out, struct str *why);

/* What seals a backup: the first line of `file`, else typed twice; if that is left out, empty: a recovery code shall do it. */
CHECKED enum err secret_of_backup(struct arena *a, const char *file, struct str *out,
                                  struct str *why);

#endif
