/* blob.c: counted bytes. */
#include "base/blob.h"

#include <stdatomic.h>
#include <string.h>

struct blob *blob_new_raw(size_t n)
{
    struct blob *b = mem_alloc_raw(sizeof *b + n);

    atomic_init(&b->refs, 1);
    b->n = n;
    return b;
}

struct blob *blob_new(struct str content)
{
    struct blob *b = blob_new_raw(content.n);

    if (content.n > 0)
        memcpy(b->p, content.p, content.n);
    return b;
}

struct blob *blob_ref(struct blob *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void blob_unref(struct blob *b)
{
    if (b != NULL && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
        mem_free(b);
}

struct str blob_str(const struct blob *b)
{
    return (struct str){ b->p, b->n };
}
