/* hash_wasm.c: the running state over BearSSL, whose contexts are flat structs: they live inside
 * struct hash_state, so nothing is allocated and a copy is an assignment.
 */
#include "crypto/hash.h"

#include <bearssl_hash.h>

#include "base/mem.h"

_Static_assert(sizeof(br_hash_compat_context) <= sizeof(struct hash_state){ 0 }.u.inline_state,
               "every BearSSL context fits into a state");

static br_hash_compat_context *context(struct hash_state *s)
{
    return (br_hash_compat_context *)s->u.inline_state;
}

void hash_init(struct hash_state *s, enum hash h)
{
    static const br_hash_class *const classes[HASH_COUNT] = {
        [HASH_SHA1] = &br_sha1_vtable,
        [HASH_SHA256] = &br_sha256_vtable,
        [HASH_SHA512] = &br_sha512_vtable,
    };

    s->kind = h;
    classes[h]->init(&context(s)->vtable);
}

void hash_update(struct hash_state *s, struct bytes in)
{
    context(s)->vtable->update(&context(s)->vtable, in.p, in.n);
}

void hash_end(struct hash_state *s, uint8_t *out)
{
    context(s)->vtable->out(&context(s)->vtable, out);
}

void hash_copy(struct hash_state *s, const struct hash_state *from)
{
    *s = *from;
}

void hash_drop(struct hash_state *s)
{
    secure_zero(s, sizeof *s); /* it may hold a key's block */
}
