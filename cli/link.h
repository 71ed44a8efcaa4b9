/* link.h: the first session of a device that was linked.
 *
 * Owns: nothing.  Threads: one.  Errors: an exit status, after it was said why.
 */
#ifndef SOTTO_CLI_LINK_H
#define SOTTO_CLI_LINK_H

#include "cli/account.h"

/* Announces the device; then, if it was given, takes the history. *out_is_there: it is a device of the account, whatever becomes of
 * the rest. */
CHECKED int link_arrive(struct account *a, bool with_history, bool *out_is_there);

#endif
