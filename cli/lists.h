/* lists.h: what the server knows now: connect, hear everything, print, leave.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_LISTS_H
#define SOTTO_CLI_LISTS_H

#include "cli/account.h"

/* Returns the exit status. */
int list_when_settled(struct program *p, void (*print)(struct account *a, struct engine *c));

#endif
