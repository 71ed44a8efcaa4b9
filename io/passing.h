/* passing.h: octets over a local socket, and an open descriptor with them (unix(7), SCM_RIGHTS).
 *
 * On a stream the descriptor comes with the first octet it was sent with, or before it, and never more than one at a time.
 * Owns: nothing; what was received is the caller's, closed on exec.  Threads: those of the caller.  Units: octets.
 */
#ifndef SOTTO_IO_PASSING_H
#define SOTTO_IO_PASSING_H

#include <stdbool.h>
#include <sys/types.h>

/* Like send() and recv() that neither wait nor raise a signal. fd: -1 for none. out_whole, which may be NULL: the room was enough
 * for the datagram. */
ssize_t passing_send(int socket, const void *octets, size_t n, int fd);
ssize_t passing_receive(int socket, void *out, size_t room, bool *out_whole, int *out_fd);

#endif
