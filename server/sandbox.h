/* sandbox.h: what the server process gives up before it reads the first byte from a network.
 *
 * Order: privileges of root, the parent's death signal, core dumps, new privileges, files
 * (Landlock), system calls (seccomp). Must run before any thread exists, because Landlock binds
 * threads, not processes.
 * Owns: nothing.  Threads: the only one.  Errors: what the kernel lacks is said in the log and in
 * the result.
 */
#ifndef SOTTO_SERVER_SANDBOX_H
#define SOTTO_SERVER_SANDBOX_H

#include "server/log.h"

#define SANDBOX_USER "sotto"

struct sandbox_rules {
    const char *const *folders; /* what may be read and written, with everything below */
    size_t folder_count;
    bool calls_out; /* may connect to others, and look names up */
};

/* As root: become the user `sotto` if there is one. ERR_IO: could not, do not go on. */
CHECKED enum err sandbox_drop_root(struct log *log);
/* Die with the supervisor. False: it is dead already. */
bool sandbox_tie_to_parent(int parent_pid);
CHECKED enum err sandbox_enter(const struct sandbox_rules *rules, struct log *log);

#endif
