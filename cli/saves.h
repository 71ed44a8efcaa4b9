/* saves.h: whether files of contacts are saved as they come, or when the person asks: one setting of the account's store, for the
 * messenger (`/save always`) and for scripts (`sotto file save always`).
 *
 * Owns: nothing.  Threads: the store's.
 */
#ifndef SOTTO_CLI_SAVES_H
#define SOTTO_CLI_SAVES_H

#include "cli/store.h"

bool saves_all(struct store *s); /* false: when the person asks, which is how it begins */
CHECKED enum err saves_set(struct store *s, bool all);
const char *saves_words(bool all); /* for people: without a full stop */

#endif
