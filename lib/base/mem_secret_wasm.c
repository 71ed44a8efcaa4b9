/* mem_secret_wasm.c: memory for secrets where there is one kind of memory only. */
#include "base/mem.h"

void *mem_alloc_secret(size_t n)
{
    return mem_alloc(n);
}

void mem_free_secret(void *p, size_t n)
{
    if (p != NULL)
        secure_zero(p, n);
    mem_free(p);
}
