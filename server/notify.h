/* notify.h: tells the service manager how we are (sd_notify(3)): one datagram, no library.
 *
 * Owns: nothing.  Threads: safe.  Without NOTIFY_SOCKET nothing happens, and no failure matters.
 */
#ifndef SOTTO_SERVER_NOTIFY_H
#define SOTTO_SERVER_NOTIFY_H

#include "base/str.h"

void notify(struct str state); /* "READY=1", "STOPPING=1", … */
/* With the time stamp that Type=notify-reload asks for; READY=1 is to follow. */
void notify_reloading(void);

#endif
