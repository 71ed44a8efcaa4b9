/* keyring_helper.h: the desktop's keyring (Secret Service), asked through the program sotto-keyring beside this one.
 *
 * A program of its own, for the libraries of the desktop are larger than all of this one, which has nothing to do with them but for a
 * moment. Keys go through pipes, as hexadecimal digits.
 * Owns: nothing; keys go into the arena.  Threads: one, blocking: the desktop may ask the person first.
 * Errors: ERR_MISSING: it has no such key; ERR_DENIED: it stays locked; ERR_UNSUPPORTED: there is no keyring here, or no helper.
 */
#ifndef SOTTO_CLI_KEYRING_HELPER_H
#define SOTTO_CLI_KEYRING_HELPER_H

#include "base/arena.h"

enum { KEYRING_KEY = 32, KEYRING_NAME = 16 /* random octets, as hexadecimal digits */ };

CHECKED enum err keyring_get(struct arena *a, struct str name, struct bytes *out, struct str *why);
/* `label` is what people see in the list of their passwords. */
CHECKED enum err keyring_put(struct arena *a, struct str name, struct str label, struct bytes key,
                             struct str *why);
void keyring_clear(struct arena *a, struct str name); /* what is left opens nothing */

#endif
