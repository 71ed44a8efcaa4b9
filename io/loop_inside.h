/* loop_inside.h: what loop.c, loop_timer.c and loop_inbox.c share; nobody else includes it.
 *
 * Owns: the loop's handles and the heap of deadlines; timers themselves belong to who made them.
 */
#ifndef SOTTO_IO_LOOP_INSIDE_H
#define SOTTO_IO_LOOP_INSIDE_H

#include <uv.h>

#include "io/loop.h"

struct timer_slot {
    uint64_t key; /* not later than the timer's deadline */
    struct timer *timer;
};

/* A binary heap by key. One uv_timer_t serves all of it. */
struct timer_heap {
    struct timer_slot *slots;
    size_t count, room;
    uv_timer_t clock;
    bool firing; /* the clock is set once, after the batch */
};

struct round_fn {
    work_fn *fn;
    void *ctx;
};

struct loop {
    uv_loop_t uv;
    uv_async_t stop;
    uv_prepare_t round; /* runs after all callbacks and right before the loop may sleep */
    struct round_fn *round_fns;
    size_t round_count;
    struct timer_heap timers;
    struct loop_guest guest;
};

void timers_init(struct loop *l);
void timers_deinit(struct loop *l); /* after the clock is closed */

#endif
