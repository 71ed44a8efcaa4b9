/* growing.h: an array in an arena whose length is not known beforehand.
 *
 * It doubles, so what is left behind in the arena is never more than the array itself.
 * Owns: nothing; items live in the arena and move when it grows.  Threads: one at a time.
 */
#ifndef SOTTO_SERVER_STORE_GROWING_H
#define SOTTO_SERVER_STORE_GROWING_H

#include <string.h>

#include "base/arena.h"

struct growing {
    struct arena *arena;
    size_t size;
    void *items;
    size_t n, room;
};

#define GROWING(arena_ptr, type) ((struct growing){ (arena_ptr), sizeof(type), NULL, 0, 0 })

/* One more item, zeroed. */
static inline void *growing_add(struct growing *g)
{
    if (g->n == g->room) {
        size_t room = g->room ? g->room * 2 : 8;
        void *items = arena_alloc(g->arena, room * g->size);

        if (g->n > 0)
            memcpy(items, g->items, g->n * g->size);
        g->items = items;
        g->room = room;
    }
    return (char *)g->items + g->size * g->n++;
}

#endif
