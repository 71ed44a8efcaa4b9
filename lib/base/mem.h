/* mem.h: the only door to the heap. Out of memory stops the process: everything a peer can grow is
 * capped before it is allocated, and sessions can be resumed (STYLE: errors).
 *
 * Owns: what it returns belongs to the caller until mem_free().  Threads: safe.  Units: bytes.
 */
#ifndef SOTTO_BASE_MEM_H
#define SOTTO_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n);           /* zeroed, never NULL */
void *mem_alloc_raw(size_t n);       /* not zeroed, never NULL */
void *mem_resize(void *p, size_t n); /* never NULL; p may be NULL */
void mem_free(void *p);              /* NULL is allowed */

/* Gives free memory back to the system, where the allocator can; takes milliseconds. */
void mem_trim(void);

/* Overwrites a secret in a way that the compiler keeps. */
void secure_zero(void *p, size_t n);

/* The struct that holds `member`, from a pointer to the member. */
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
