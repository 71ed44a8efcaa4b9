/* loop.h: one event loop per thread, timers on it, and the inbox through which other threads reach it.
 *
 * A round is: callbacks of timers, inboxes and sockets, then the functions of loop_each_round(), then sleep.
 * Owns: its handles.  Threads: everything on a loop runs on its thread; only inbox_post() and loop_stop() may be
 * called from elsewhere.  Units: milliseconds.
 */
#ifndef SOTTO_IO_LOOP_H
#define SOTTO_IO_LOOP_H

#include "base/list.h"
#include "base/str.h"

struct loop;
struct loop *loop_new(void); /* NULL: no descriptors left */
/* Free inboxes, timers and listeners first. Connections that are left are closed without calling `closed`;
 * offloaded work is waited for. */
void loop_free(struct loop *l);
void loop_run(struct loop *l);  /* until loop_stop() */
void loop_stop(struct loop *l); /* any thread */
void *loop_uv(struct loop *l);  /* the uv_loop_t, for the other files of io/ */

uint64_t clock_wall_ms(void);   /* since the epoch */
uint64_t clock_steady_ms(void); /* never goes back */
uint64_t clock_steady_us(void); /* the same */

/* One deadline. Starting again moves it; a timer is freed only by timer_free(), which its own callback may call.
 * Timers fire in order of their deadlines, never early. Moving a deadline later costs nothing, so a session may
 * restart its timer on every stanza. */
struct timer;
typedef void timer_fired(void *ctx);
struct timer *timer_new(struct loop *l, timer_fired *fired, void *ctx);
void timer_start(struct timer *t, uint64_t delay_ms);
void timer_stop(struct timer *t);
void timer_free(struct timer *t); /* NULL is allowed */

/* Many producers, one consumer: items in posting order per producer. One wake-up per batch. */
struct inbox;
typedef void inbox_handler(void *ctx,
                           struct list *items); /* on the loop's thread; takes the items */
struct inbox *inbox_new(struct loop *l, inbox_handler *handler, void *ctx);
void inbox_post(struct inbox *i, struct link *item);       /* any thread */
void inbox_post_list(struct inbox *i, struct list *items); /* any thread; empties the list */
/* Hands over what is there, without the loop: before it runs, or after; false: nothing was. */
bool inbox_take(struct inbox *i);
void inbox_free(struct inbox *i); /* hands over what is left; nobody may post any more */

/* Work off the loop (key derivation): `work` on a pool thread, then `done` on the loop's. */
typedef void work_fn(void *ctx);
void loop_offload(struct loop *l, work_fn *work, work_fn *done, void *ctx);

/* Runs once after every round of events, before the loop sleeps: where output is flushed in batches. */
void loop_each_round(struct loop *l, work_fn *fn, void *ctx);

/* The one other part of io/ with state per loop: connections. `flush` runs last in every round, so that output
 * of loop_each_round() functions leaves in the same round. */
struct loop_guest {
    void *ctx;
    work_fn *flush, *close, *free;
};
struct loop_guest *loop_guest(struct loop *l);

#endif
