/* trust.h: what a person thinks of keys, for the files about it.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_TRUST_H
#define SOTTO_CLI_TRUST_H

#include "cli/account.h"

/* Those that were met of an account, one a line, or as events. */
void trust_print_keys(const struct program *p, const struct engine *engine, struct str bare);

/* compare_number.c: sixty digits, in groups or not. */
bool compare_is_number(struct str text);
/* `sotto verify JID --number`, or with the number that the other side has told. Returns the exit status. */
int compare_number(struct program *p, const struct jid *who);

#endif
