/* check.h: `sottoctl check`: the running configuration and the machine around it.
 *
 * Owns: nothing.  Threads: one, blocking.  The exit status is returned, the answer given.
 */
#ifndef SOTTO_CTL_CHECK_H
#define SOTTO_CTL_CHECK_H

#include "ctl/session.h"

int check_run(struct session *s);

#endif
