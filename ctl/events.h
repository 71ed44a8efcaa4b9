/* events.h: `sottoctl events`: what the server refused lately, and what it refuses now.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CTL_EVENTS_H
#define SOTTO_CTL_EVENTS_H

#include "ctl/session.h"

int events_run(struct session *s);

#endif
