/* stats.h: `sottoctl stats` for people.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CTL_STATS_H
#define SOTTO_CTL_STATS_H

#include <jansson.h>

void stats_print(const json_t *stats);

#endif
