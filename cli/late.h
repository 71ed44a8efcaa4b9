/* late.h: a message that was written at another time than it came, by its author's own word: what is said of it.
 *
 * Owns: nothing; texts go into the arena.  Threads: one.
 */
#ifndef SOTTO_CLI_LATE_H
#define SOTTO_CLI_LATE_H

#include "client/entry.h"

/* Behind its text: " (written 2026-11-20 10:15 UTC)"; empty if there is nothing to be said. */
struct str late_words(struct arena *a, const struct entry *e);

#endif
