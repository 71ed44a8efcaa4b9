/* password.h: the first line of standard input; from a terminal without echo.
 *
 * Owns: nothing; the text lives in the arena.  Threads: one, blocking.  Errors: ERR_MISSING: empty;
 * ERR_TOO_BIG.
 */
#ifndef SOTTO_CTL_PASSWORD_H
#define SOTTO_CTL_PASSWORD_H

#include "base/arena.h"

CHECKED enum err password_read(struct arena *a, struct str *out);

#endif
