/* control_events.h: `events`: the newest events that the server has kept, or those behind a number, as an array.
 *
 * Owns: nothing.  Threads: the server's main one.
 */
#ifndef SOTTO_SERVER_CONTROL_EVENTS_H
#define SOTTO_SERVER_CONTROL_EVENTS_H

#include "io/loop.h"
#include "server/control.h"

struct event_log;

enum { CONTROL_EVENTS_MAX = 10 * 1000, CONTROL_EVENTS_USUAL = 100 };

/* Asks the thread that writes them, which answers to `inbox`, whose handler is control_events_came(). */
void control_events(struct control_call *call, struct event_log *log, struct inbox *inbox);
void control_events_came(void *ctx, struct list *answers);

#endif
