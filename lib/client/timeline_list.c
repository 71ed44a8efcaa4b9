/* timeline_list.c: the messages that are shown, by time. */
#include "client/timeline_inside.h"

#include <string.h>

/* Where it stands, or is to stand. */
static size_t position(const struct timeline *t, struct place p)
{
    size_t low = 0, high = t->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_before(place_of(t->list[middle]), p))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void timeline_list(struct timeline *t, struct node *n)
{
    size_t at = position(t, place_of(n));

    if (t->count == t->room) {
        t->room = t->room > 0 ? 2 * t->room : 64;
        t->list = mem_resize(t->list, t->room * sizeof(struct node *));
    }
    memmove(t->list + at + 1, t->list + at, (t->count - at) * sizeof(struct node *));
    t->list[at] = n;
    t->count++;
    n->listed = true;
}

void timeline_unlist(struct timeline *t, struct node *n)
{
    size_t at = position(t, place_of(n));

    if (!n->listed)
        return;
    t->count--;
    memmove(t->list + at, t->list + at + 1, (t->count - at) * sizeof(struct node *));
    n->listed = false;
}

bool timeline_has(const struct timeline *t, struct place p)
{
    size_t at = position(t, p);

    return at < t->count && !is_before(p, place_of(t->list[at]));
}
