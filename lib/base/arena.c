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
    CHUNK_SECRET = 4096 - 64, /* with its head and libsodium's, a page */
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

static void chunk_free(struct arena_chunk *c, bool secret)
{
    if (secret)
        mem_free_secret(c, sizeof *c + c->size);
    else
        mem_free(c);
}

static void empty(struct arena *a)
{
    *a = (struct arena){ .secret = a->secret };
}

void arena_deinit(struct arena *a)
{
    for (struct arena_chunk *c = a->chunk; c != NULL;) {
        struct arena_chunk *older = c->older;

        chunk_free(c, a->secret);
        c = older;
    }
    empty(a);
}

struct arena arena_move(struct arena *a)
{
    struct arena moved = *a;

    empty(a);
    return moved;
}

static void arena_grow(struct arena *a, size_t n)
{
    size_t first = a->secret ? CHUNK_SECRET : CHUNK_MIN;
    size_t size = a->chunk ? a->chunk->size * 2 : first;
    struct arena_chunk *c;

    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (size < n)
        size = n;
    c = a->secret ? mem_alloc_secret(sizeof *c + size) : mem_alloc_raw(sizeof *c + size);
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
