/* usage.h: what sotto says of itself.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_USAGE_H
#define SOTTO_CLI_USAGE_H

#include <stdio.h>

void usage_print(FILE *to); /* everything */
void usage_hint(FILE *to);  /* how to begin */

#endif
