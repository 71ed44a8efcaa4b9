/* handover.h: a command whose account another run has open is left to that run (guests.h).
 *
 * For the caller it is as if it had run here: what it prints, where, and how it ends.
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_HANDOVER_H
#define SOTTO_CLI_HANDOVER_H

#include "cli/commands.h"

/* True: it is done, or cannot be; *out_status. False: nobody has the account, as far as can be seen: it is to run here. */
bool handover(struct program *p, const struct command *c, int *out_status);

#endif
