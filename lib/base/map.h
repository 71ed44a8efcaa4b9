/* map.h: hash map from text to pointers, with a keyed hash so that peers cannot make it slow.
 *
 * Keys are borrowed: they must live as long as their entry, normally inside the value. No value is
 * NULL.
 * Owns: its slots.  Threads: one at a time.
 */
#ifndef SOTTO_BASE_MAP_H
#define SOTTO_BASE_MAP_H

#include "base/str.h"

struct map_slot {
    struct str key;
    void *value;
    uint64_t hash;
};

struct map {
    struct map_slot *slots;
    size_t n, room; /* room is 0 or a power of two */
    uint64_t seed[2];
};

void map_init(struct map *m, const uint64_t seed[2]); /* NULL: a fixed seed, for trusted keys */
void map_deinit(struct map *m);                       /* not the values */

void *map_get(const struct map *m, struct str key); /* NULL if absent */
void *map_put(struct map *m, struct str key,
              void *value);                      /* returns the value it replaced, or NULL */
void *map_remove(struct map *m, struct str key); /* returns the removed value, or NULL */

/* Walks all entries in no order; start with *cursor = 0. The map must not change meanwhile. */
bool map_next(const struct map *m, size_t *cursor, struct map_slot *out);

uint64_t map_hash(const uint64_t seed[2], struct str key); /* SipHash-1-3 */

#endif
