/* folder_lock.h: who uses a data folder: two locks in its file `lock`, held by open files, not by
 * processes.
 *
 * The supervisor holds FOLDER_SUPERVISOR, the server process FOLDER_SERVER as long as it lives.
 * Two, because a supervisor that is killed takes the server with it, but not in the same instant;
 * and it may have been about to start one, which then holds its descriptors a moment longer. Who
 * finds them taken waits a little before he gives up. A lock passes through fork and exec and ends
 * with its last descriptor.
 * Owns: nothing; descriptors go to the caller.  Threads: safe.  Errors: -1 with errno, or false.
 */
#ifndef SOTTO_IO_FOLDER_LOCK_H
#define SOTTO_IO_FOLDER_LOCK_H

#include <stdbool.h>

enum folder_lock { FOLDER_SUPERVISOR = 0, FOLDER_SERVER = 1 }; /* the byte that is locked */

int folder_lock_open(int folder_fd); /* each lock needs a descriptor of its own */
/* Whether nobody holds it; takes nothing, makes nothing. */
bool folder_lock_is_free(int folder_fd, enum folder_lock which);
bool folder_lock_try(int fd, enum folder_lock which);
bool folder_lock_wait(int fd, enum folder_lock which, int timeout_ms);

#endif
