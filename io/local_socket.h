/* local_socket.h: a socket in a folder of this user (AF_UNIX), which no other user reaches.
 *
 * Its mode is 0600, and both ends look at the uid of the other (SO_PEERCRED). The folder may lie deeper than a socket's address can
 * say: it is named by its descriptor.
 * Owns: nothing; descriptors go to the caller, for connecting does not block either, non-blocking ones.  Threads: any.  Errors: -1 with errno.
 */
#ifndef SOTTO_IO_LOCAL_SOCKET_H
#define SOTTO_IO_LOCAL_SOCKET_H

#include <stdbool.h>

/* Replaces one that is there: whoever listens has the folder's lock (folder_lock.h). */
int local_listen(const char *folder, const char *name);
void local_remove(const char *folder, const char *name);
int local_accept(int listening_fd);
int local_connect(const char *folder, const char *name);

#endif
