/* landlock.h: the files that a process keeps: some folders with everything below, to read and
 * write, never to execute; some files or folders to read, if they are there.
 *
 * Binds the calling thread and those it makes later.
 * Owns: nothing.  Threads: the only one.  Errors: ERR_UNSUPPORTED by this kernel; ERR_IO, errno
 * says more.
 */
#ifndef SOTTO_IO_LANDLOCK_H
#define SOTTO_IO_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"

CHECKED enum err landlock_restrict(const char *const *folders, size_t count,
                                   const char *const *readable, size_t readable_count);

#endif
