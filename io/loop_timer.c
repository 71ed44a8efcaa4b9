/* loop_timer.c: many deadlines on one clock: a binary heap per loop.
 *
 * A deadline that moves later keeps its place in the heap and is put right when that place comes up, so
 * restarting an idle timer is one assignment. The key of a slot is therefore a lower bound.
 */
#include "io/loop_inside.h"

struct timer {
    struct loop *loop;
    timer_fired *fired;
    void *ctx;
    uint64_t due;
    size_t place; /* in the heap, from 1; 0: not started */
};

static void put(struct timer_heap *h, size_t i, struct timer_slot slot)
{
    h->slots[i] = slot;
    slot.timer->place = i + 1;
}

static void sift_up(struct timer_heap *h, size_t i, struct timer_slot slot)
{
    while (i > 0 && slot.key < h->slots[(i - 1) / 2].key) {
        put(h, i, h->slots[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(h, i, slot);
}

static void sift_down(struct timer_heap *h, size_t i, struct timer_slot slot)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < h->count && h->slots[child + 1].key < h->slots[child].key)
            child++;
        if (child >= h->count || slot.key <= h->slots[child].key)
            break;
        put(h, i, h->slots[child]);
        i = child;
    }
    put(h, i, slot);
}

static void heap_remove(struct timer_heap *h, struct timer *t)
{
    size_t i = t->place - 1;
    struct timer_slot last = h->slots[--h->count];

    t->place = 0;
    if (last.timer == t)
        return;
    if (i > 0 && last.key < h->slots[(i - 1) / 2].key)
        sift_up(h, i, last);
    else
        sift_down(h, i, last);
}

static void heap_add(struct timer_heap *h, struct timer *t)
{
    if (h->count == h->room) {
        h->room = h->room ? h->room * 2 : 64;
        h->slots = mem_resize(h->slots, h->room * sizeof *h->slots);
    }
    sift_up(h, h->count++, (struct timer_slot){ t->due, t });
}

static void on_clock(uv_timer_t *clock);

static void set_clock(struct timer_heap *h)
{
    uint64_t now = uv_now(h->clock.loop), key = h->count > 0 ? h->slots[0].key : 0;

    if (h->firing)
        return;
    if (h->count == 0)
        uv_timer_stop(&h->clock);
    else
        uv_timer_start(&h->clock, on_clock, key > now ? key - now : 0, 0);
}

/* At most as many as there were at the start, so that a timer which restarts itself with no delay
 * cannot keep the loop from its sockets. */
static void on_clock(uv_timer_t *clock)
{
    struct timer_heap *h = CONTAINER_OF(clock, struct timer_heap, clock);
    uint64_t now = clock_steady_ms();

    h->firing = true;
    for (size_t left = h->count; left > 0 && h->count > 0 && h->slots[0].key <= now; left--) {
        struct timer *t = h->slots[0].timer;

        if (t->due > h->slots[0].key) {
            sift_down(h, 0, (struct timer_slot){ t->due, t });
        } else {
            heap_remove(h, t);
            t->fired(t->ctx);
        }
    }
    h->firing = false;
    set_clock(h);
}

void timers_init(struct loop *l)
{
    uv_timer_init(&l->uv, &l->timers.clock);
}

void timers_deinit(struct loop *l)
{
    mem_free(l->timers.slots);
}

struct timer *timer_new(struct loop *l, timer_fired *fired, void *ctx)
{
    struct timer *t = mem_alloc(sizeof *t);

    *t = (struct timer){ .loop = l, .fired = fired, .ctx = ctx };
    return t;
}

void timer_start(struct timer *t, uint64_t delay_ms)
{
    struct timer_heap *h = &t->loop->timers;
    uint64_t now = clock_steady_ms();

    t->due = delay_ms > UINT64_MAX - now ? UINT64_MAX : now + delay_ms;
    if (t->place == 0)
        heap_add(h, t);
    else if (t->due < h->slots[t->place - 1].key)
        sift_up(h, t->place - 1, (struct timer_slot){ t->due, t });
    else
        return;
    if (t->place == 1)
        set_clock(h);
}

void timer_stop(struct timer *t)
{
    if (t->place > 0)
        heap_remove(&t->loop->timers, t); /* the clock may now wake once for nothing */
}

void timer_free(struct timer *t)
{
    if (t == NULL)
        return;
    timer_stop(t);
    mem_free(t);
}
