/* syscalls.h: the system calls that the server process keeps (seccomp).
 *
 * Owns: nothing.  Threads: the only one; threads made later inherit the filter.  Errors:
 * ERR_UNSUPPORTED (by the kernel, or by valgrind, which stands in for it), ERR_IO.
 */
#ifndef SOTTO_SERVER_SYSCALLS_H
#define SOTTO_SERVER_SYSCALLS_H

#include <stdbool.h>

#include "base/err.h"

CHECKED enum err syscalls_restrict(bool calls_out);

#endif
