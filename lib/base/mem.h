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

/* Memory for secrets: natively pages of their own, which are locked so that they never reach the swap, left out of core dumps, fenced by
 * pages that nobody may touch, and zeroed when they are freed; if the system's limit of locked memory is reached, all but locked. In
 * wasm, where a page has nothing of that, zeroed when freed. Some system calls and 8 KiB each: for the few that live long. */
void *mem_alloc_secret(size_t n); /* zeroed, never NULL */
void mem_free_secret(void *p, size_t n);

/* Overwrites a secret in a way that the compiler keeps. */
void secure_zero(void *p, size_t n);

/* The struct that holds `member`, from a pointer to the member. */
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
