/* arena.h: memory with one lifetime, such as one stanza and everything derived from it.
 *
 * Nothing in an arena is freed singly; arena_deinit() frees all. An arena may be moved to another
 * thread by assigning the struct and clearing the old one (arena_move). It has no cap of its own:
 * parsers cap their input, and every tree is a small multiple of it.
 * Owns: its chunks.  Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_BASE_ARENA_H
#define SOTTO_BASE_ARENA_H

#include "base/mem.h"
#include "base/str.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* newest first */
    char *at;                  /* free space of the newest chunk */
    size_t left;
    size_t used; /* handed out so far, for quotas and tests */
    bool secret; /* its chunks are memory for secrets (mem.h) */
};

/* An empty one for passphrases, keys and the like: what lies in it is zeroed with it. */
#define ARENA_SECRET ((struct arena){ .secret = true })

void arena_init(struct arena *a);         /* allocates nothing yet; a zeroed struct is as good */
void arena_deinit(struct arena *a);       /* and leaves it empty; one for secrets stays one */
struct arena arena_move(struct arena *a); /* empties *a and returns what it held */

void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any object, never NULL */
char *arena_raw(struct arena *a, size_t n);   /* not zeroed, not aligned: for text */
struct str arena_str(struct arena *a, struct str s);       /* a copy */
struct str arena_cstr(struct arena *a, const char *text);  /* a copy */
struct bytes arena_bytes(struct arena *a, struct bytes b); /* a copy */
struct str arena_concat(struct arena *a, struct str x, struct str y);

/* printf into the arena. For log-like text and numbers; XML is never built with it. */
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
