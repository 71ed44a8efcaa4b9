/* mem.c: heap that never returns NULL. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static void *checked(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

void *mem_alloc(size_t n)
{
    return checked(calloc(1, n ? n : 1));
}

void *mem_alloc_raw(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *mem_resize(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

void mem_free(void *p)
{
    free(p);
}

void mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void secure_zero(void *p, size_t n)
{
    if (n > 0) /* memset() wants a pointer even for nothing */
        memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory"); /* the store above is observable from here on */
}
