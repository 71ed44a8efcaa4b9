/* sandbox.h: what the anchor gives up before the first packet: privileges of root, all files, all system calls but those that
 * receive, send and wait.
 *
 * Owns: nothing.  Threads: the only one.  Errors: ERR_IO, said on standard error; a kernel that lacks a means is said, too.
 */
#ifndef SOTTO_ANCHOR_SANDBOX_H
#define SOTTO_ANCHOR_SANDBOX_H

#include "base/err.h"

#define ANCHOR_USER "sotto"

CHECKED enum err sandbox_enter(int parent_pid);

#endif
