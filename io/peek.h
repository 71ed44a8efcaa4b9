/* peek.h: the first octets of a socket, left where they are: what reads them in the end has them whole.
 *
 * Owns: nothing.  Threads: the descriptor's.  Units: octets.
 */
#ifndef SOTTO_IO_PEEK_H
#define SOTTO_IO_PEEK_H

#include <stddef.h>
#include <stdint.h>

/* How many there are, `max` at most; 0: none will come any more; -1: none now. */
int peek_at(int fd, uint8_t *to, size_t max);
/* The kernel calls it readable when there are so many, or no more will come. 1: as at first. */
void peek_wake_at(int fd, size_t octets);

#endif
