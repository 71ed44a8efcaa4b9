/* secrets.h: memory for keys: locked, so it never reaches swap, and left out of core dumps.
 *
 * One arena for the life of the process; nothing in it is freed singly, all is zeroed at the end.
 * Owns: its pages.  Threads: secrets_alloc before threads start; the memory itself as its owner
 * says.
 */
#ifndef SOTTO_SERVER_SECRETS_H
#define SOTTO_SERVER_SECRETS_H

#include "base/str.h"

struct secrets;

struct secrets *secrets_new(size_t size);
/* Zeroed and aligned; more than was asked for at birth is our bug. */
void *secrets_alloc(struct secrets *s, size_t n);
/* False: the system's limit of locked memory is too small. */
bool secrets_locked(const struct secrets *s);
void secrets_free(struct secrets *s);

#endif
