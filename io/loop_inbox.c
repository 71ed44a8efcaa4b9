/* loop_inbox.c: the door through which other threads reach a loop.
 *
 * Producers push onto a stack with one compare-and-swap; the loop takes the whole stack with one exchange and
 * turns it round. Only who pushes onto an empty stack wakes the loop: one wake-up per batch.
 */
#include <stdatomic.h>

#include "io/loop_inside.h"

struct inbox {
    uv_async_t wake;
    inbox_handler *handler;
    void *ctx;
    _Atomic(struct link *) newest; /* each link's `next` is the one posted before it */
};

bool inbox_take(struct inbox *i)
{
    struct link *item = atomic_exchange_explicit(&i->newest, NULL, memory_order_acquire);
    struct list items;

    list_init(&items);
    while (item != NULL) {
        struct link *before = item->next;

        list_add_first(&items, item);
        item = before;
    }
    if (list_empty(&items))
        return false;
    i->handler(i->ctx, &items);
    return true;
}

static void on_wake(uv_async_t *handle)
{
    (void)inbox_take(CONTAINER_OF(handle, struct inbox, wake));
}

struct inbox *inbox_new(struct loop *l, inbox_handler *handler, void *ctx)
{
    struct inbox *i = mem_alloc(sizeof *i);

    i->handler = handler;
    i->ctx = ctx;
    uv_async_init(&l->uv, &i->wake, on_wake); /* the loop has its wake-up descriptor already */
    return i;
}

static void push(struct inbox *i, struct link *newest, struct link *oldest)
{
    struct link *before = atomic_load_explicit(&i->newest, memory_order_relaxed);

    do {
        oldest->next = before;
    } while (!atomic_compare_exchange_weak_explicit(&i->newest, &before, newest,
                                                    memory_order_release, memory_order_relaxed));
    if (before == NULL)
        uv_async_send(&i->wake);
}

void inbox_post(struct inbox *i, struct link *item)
{
    push(i, item, item);
}

void inbox_post_list(struct inbox *i, struct list *items)
{
    struct link *oldest = list_first(items), *newest = oldest;

    if (oldest == NULL)
        return;
    for (struct link *item = list_next(items, oldest); item != NULL;) {
        struct link *after = list_next(items, item);

        item->next = newest;
        newest = item;
        item = after;
    }
    list_init(items);
    push(i, newest, oldest);
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(CONTAINER_OF(handle, struct inbox, wake));
}

void inbox_free(struct inbox *i)
{
    if (i == NULL)
        return;
    (void)inbox_take(i);
    uv_close((uv_handle_t *)&i->wake, on_closed);
}
