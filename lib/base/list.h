/* list.h: intrusive doubly linked list; the link is a member of what is listed.
 *
 * Owns: nothing.  Threads: one at a time.
 */
#ifndef SOTTO_BASE_LIST_H
#define SOTTO_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct link {
    struct link *prev, *next;
};
struct list {
    struct link head;
};

static inline void list_init(struct list *l)
{
    l->head.prev = l->head.next = &l->head;
}

static inline bool list_empty(const struct list *l)
{
    return l->head.next == &l->head;
}

static inline void list_add(struct list *l, struct link *item) /* at the end */
{
    item->prev = l->head.prev;
    item->next = &l->head;
    l->head.prev->next = item;
    l->head.prev = item;
}

static inline void list_add_first(struct list *l, struct link *item)
{
    item->next = l->head.next;
    item->prev = &l->head;
    l->head.next->prev = item;
    l->head.next = item;
}

/* An unlinked link is all zeroes, so removing twice is harmless. */
static inline void list_remove(struct link *item)
{
    if (item->next == NULL)
        return;
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->prev = item->next = NULL;
}

static inline struct link *list_first(const struct list *l)
{
    return list_empty(l) ? NULL : l->head.next;
}

static inline struct link *list_next(const struct list *l, const struct link *item)
{
    return item->next == &l->head ? NULL : item->next;
}

static inline struct link *list_pop(struct list *l)
{
    struct link *first = list_first(l);

    if (first != NULL)
        list_remove(first);
    return first;
}

/* Moves everything to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->head.next->prev = to->head.prev;
    to->head.prev->next = from->head.next;
    from->head.prev->next = &to->head;
    to->head.prev = from->head.prev;
    list_init(from);
}

#define LIST_ENTRY(link_ptr, type, member) CONTAINER_OF(link_ptr, type, member)

/* The current item may be removed from inside the loop. */
#define LIST_EACH(list_ptr, item)                                                                  \
    for (struct link *item = (list_ptr)->head.next, *item##_next = item->next;                     \
         item != &(list_ptr)->head; item = item##_next, item##_next = item->next)

#endif
