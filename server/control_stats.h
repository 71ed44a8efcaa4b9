/* control_stats.h: `sottoctl stats`: a reading as JSON.
 *
 * Owns: nothing.  Threads: the loop's of struct control.
 */
#ifndef SOTTO_SERVER_CONTROL_STATS_H
#define SOTTO_SERVER_CONTROL_STATS_H

#include "server/control.h"
#include "server/meter.h"

void control_stats(struct control_call *call, struct meter *meter);

#endif
