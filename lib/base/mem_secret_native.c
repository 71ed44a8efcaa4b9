/* mem_secret_native.c: memory for secrets is libsodium's (sodium_malloc). */
#include <stdlib.h>
#include <string.h>

#include <sodium/core.h>
#include <sodium/utils.h>

#include "base/mem.h"

enum { ALIGNMENT = 16 }; /* it ends where a fence begins, so it is aligned as its size is */

void *mem_alloc_secret(size_t n)
{
    size_t room = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = sodium_init() >= 0 ? sodium_malloc(room) : NULL;

    if (p == NULL)
        abort();
    memset(p, 0, room);
    return p;
}

void mem_free_secret(void *p, size_t n)
{
    (void)n;
    sodium_free(p); /* which zeroes it; NULL is allowed */
}
