/* call_event.h: what of calls becomes an event (event.h), and what the event says of the call.
 *
 * Two sides that end a call at the same moment, and packets that are under way when a call begins or ends, are what honest calls
 * look like: whoever looks for campaigns would see nothing else. So they are counted, and no event.
 * Owns: nothing.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALL_EVENT_H
#define SOTTO_SERVER_CALL_EVENT_H

#include "server/calls_life.h"

/* The ledger has refused what was said; its phase then is what the event says. */
void call_event_refused(struct outcome *out, struct call *c, const struct call_saying *s,
                        struct ledger_ruling r);
/* Somebody who is in no part of it has spoken as if he were. */
void call_event_party(struct outcome *out, const struct call *c);

/* What the anchor did not let through since its last report: an event for each reason, with the number of packets. */
void call_event_dropped(const struct call *c, const struct anchor_report *r);
void call_event_strays(struct home *h, const struct anchor_report *r); /* of no call */

#endif
