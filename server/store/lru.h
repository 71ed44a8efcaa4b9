/* lru.h: a bounded map that forgets what was used longest ago.
 *
 * Items embed struct lru_item and hold their own key.
 * Owns: its slots; items belong to the caller, who frees what lru_full() hands back and, through
 * lru_pop(), the rest.
 * Threads: one at a time.  Units: items.
 */
#ifndef SOTTO_SERVER_STORE_LRU_H
#define SOTTO_SERVER_STORE_LRU_H

#include "base/list.h"
#include "base/map.h"

struct lru_item {
    struct link link;
    struct str key;
};

struct lru {
    struct map map;
    struct list order; /* longest unused first */
    size_t limit;
};

void lru_init(struct lru *l, size_t limit, const uint64_t seed[2]);
void lru_deinit(struct lru *l); /* it is empty by then */

struct lru_item *lru_get(struct lru *l, struct str key); /* NULL if absent; counts as a use */
void lru_add(struct lru *l, struct lru_item *item);      /* its key is absent */
void lru_remove(struct lru *l, struct lru_item *item);
struct lru_item *lru_full(struct lru *l); /* past the limit: like lru_pop(); else NULL */
struct lru_item *lru_pop(struct lru *l);  /* removes the longest unused; NULL when empty */

#endif
