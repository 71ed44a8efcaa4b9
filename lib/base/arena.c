/* arena.c: bump allocation in chunks that double up to a ceiling. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum {
    CHUNK_MIN = 2048, /* a chat message with its tree fits in one or two */
    CHUNK_MAX = 64 * 1024,
};

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    alignas(max_align_t) char data[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){ 0 };
}

void arena_deinit(struct arena *a)
{
    for (struct arena_chunk *c = a->chunk; c != NULL;) {
        struct arena_chunk *older = c->older;

        mem_free(c);
        c = older;
    }
    arena_init(a);
}

struct arena arena_move(struct arena *a)
{
    struct arena moved = *a;

    arena_init(a);
    return moved;
}

static void arena_grow(struct arena *a, size_t n)
{
    size_t size = a->chunk ? a->chunk->size * 2 : CHUNK_MIN;
    struct arena_chunk *c;

    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (size < n)
        size = n;
    c = mem_alloc_raw(sizeof *c + size);
    c->older = a->chunk;
    c->size = size;
    a->chunk = c;
    a->at = c->data;
    a->left = size;
}

char *arena_raw(struct arena *a, size_t n)
{
    char *p;

    if (n > a->left || a->at == NULL)
        arena_grow(a, n);
    p = a->at;
    a->at += n;
    a->left -= n;
    a->used += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t pad = a->at ? (size_t)(-(uintptr_t)a->at & (alignof(max_align_t) - 1)) : 0;
    char *p;

    if (pad > a->left || n > a->left - pad)
        pad = 0, arena_grow(a, n);
    p = arena_raw(a, pad + n) + pad;
    memset(p, 0, n);
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_raw(a, s.n);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (struct str){ p, s.n };
}

struct str arena_cstr(struct arena *a, const char *text)
{
    return arena_str(a, str_from(text));
}

struct bytes arena_bytes(struct arena *a, struct bytes b)
{
    return bytes_of_str(arena_str(a, str_of_bytes(b)));
}

struct str arena_concat(struct arena *a, struct str x, struct str y)
{
    char *p = arena_raw(a, x.n + y.n);

    if (x.n > 0)
        memcpy(p, x.p, x.n);
    if (y.n > 0)
        memcpy(p + x.n, y.p, y.n);
    return (struct str){ p, x.n + y.n };
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    int n;
    char *p;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(n >= 0);
    p = arena_raw(a, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(p, (size_t)n + 1, format, args);
    va_end(args);
    return (struct str){ p, (size_t)n };
}
