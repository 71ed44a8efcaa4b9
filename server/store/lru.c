/* lru.c: a map and a list through the same items. */
#include "server/store/lru.h"

void lru_init(struct lru *l, size_t limit, const uint64_t seed[2])
{
    map_init(&l->map, seed);
    list_init(&l->order);
    l->limit = limit;
}

void lru_deinit(struct lru *l)
{
    map_deinit(&l->map);
}

struct lru_item *lru_get(struct lru *l, struct str key)
{
    struct lru_item *item = map_get(&l->map, key);

    if (item != NULL) {
        list_remove(&item->link);
        list_add(&l->order, &item->link);
    }
    return item;
}

void lru_add(struct lru *l, struct lru_item *item)
{
    map_put(&l->map, item->key, item);
    list_add(&l->order, &item->link);
}

void lru_remove(struct lru *l, struct lru_item *item)
{
    map_remove(&l->map, item->key);
    list_remove(&item->link);
}

struct lru_item *lru_full(struct lru *l)
{
    return l->map.n > l->limit ? lru_pop(l) : NULL;
}

struct lru_item *lru_pop(struct lru *l)
{
    struct link *first = list_first(&l->order);
    struct lru_item *item;

    if (first == NULL)
        return NULL;
    item = LIST_ENTRY(first, struct lru_item, link);
    lru_remove(l, item);
    return item;
}
