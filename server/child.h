/* child.h: the server process as a child: started by the supervisor, and its first steps.
 *
 * child_start() runs in the supervisor, child_main() in what it starts: the same program, executed
 * anew, so that the server has an address space of its own with nothing of the supervisor's in it.
 * Owns: nothing.  Threads: the only one of each process.
 */
#ifndef SOTTO_SERVER_CHILD_H
#define SOTTO_SERVER_CHILD_H

#include <sys/types.h>

#include "server/handover.h"

#define CHILD_NAME "sottod: server"

/* `program` is a descriptor of our own executable; h->workers and all else of h is filled, but
 * supervisor_pid and supervisor_fd. *out_fd: our end of the lifeline. */
CHECKED enum err child_start(int program, const struct handover *h, pid_t *out_pid, int *out_fd);

/* We were started by child_start(). */
bool child_is_wanted(void);
int child_main(void); /* returns the exit status */

#endif
