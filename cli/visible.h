/* visible.h: text of others made harmless for a terminal.
 *
 * Control characters could move the cursor, recolour the screen or answer for the person; marks of direction could show a name or an
 * address as another one. Each becomes U+FFFD. Letters of every script stay as they are, and so do the joiners that some need.
 * Owns: nothing; results go into the arena.  Threads: pure.
 */
#ifndef SOTTO_CLI_VISIBLE_H
#define SOTTO_CLI_VISIBLE_H

#include "base/arena.h"

struct str visible_line(struct arena *a, struct str text); /* line breaks become spaces */
/* Further lines are indented, so that none can pass for one of ours. */
struct str visible_text(struct arena *a, struct str text);

#endif
