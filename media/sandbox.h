/* sandbox.h: what this process gives up (docs/media.md, "Sandbox"). In this order, each step for good:
 *
 *   sandbox_begin()    before a line of the parent is read, and so before an octet of anybody else: no files, no core, death with the
 *                      parent; an allow-list of system calls, with no way to a network but sockets that the parent has connected and hands
 *                      over. To try one is deadly, as are other programs; the rest that is not listed answers EPERM
 *   sandbox_narrow()   once media flows: no further socket can be handed over; everything not listed is deadly
 *
 * Owns: nothing.  Threads: the only one.  Errors: ERR_UNSUPPORTED by this kernel; ERR_IO.
 */
#ifndef SOTTO_MEDIA_SANDBOX_H
#define SOTTO_MEDIA_SANDBOX_H

#include "base/err.h"

/* Dies when `parent` does; false: it is dead already. For helpers of this process too. */
CHECKED enum err sandbox_tie(int parent);
CHECKED enum err sandbox_begin(void);
/* The part of it that Landlock does, which stands on its own: were a filter wrong, files and TCP would be closed all the same. */
CHECKED enum err sandbox_landlock(void);
CHECKED enum err sandbox_narrow(void);

#endif
