/* replay.h: `sottod --replay-stanzas FILE`: stanzas that were recorded, or written, by others, judged as this server with this
 * configuration would judge them. docs/events.md describes input and output.
 *
 * Owns: nothing.  Threads: the only one.
 */
#ifndef SOTTO_SERVER_REPLAY_H
#define SOTTO_SERVER_REPLAY_H

#include <stdio.h>

#include "server/config.h"

enum { REPLAY_LINE_MAX = 1024 * 1024, REPLAY_STANZA_MAX = 512 * 1024 };

/* Verdicts go to `out`. 0, or 2: a line is none; what, where and why is said on standard error. 1: it cannot be read. */
int replay_stanzas(const struct config *config, FILE *in, const char *name, FILE *out);

#endif
