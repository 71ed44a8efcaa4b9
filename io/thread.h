/* thread.h: threads, mutexes and conditions, for what cannot live on a loop: the store's threads.
 *
 * Nothing else in the program locks (STYLE: concurrency).
 * Owns: the thread until thread_join().  Errors: ERR_IO (no thread to be had).
 * Units: milliseconds.
 */
#ifndef SOTTO_IO_THREAD_H
#define SOTTO_IO_THREAD_H

#include <pthread.h>
#include <stdint.h>

#include "base/err.h"

struct thread;
typedef void thread_main(void *ctx);

/* Signals are blocked in the new thread: they are the main one's. `name` is a constant of at most
 * 15 octets. */
CHECKED enum err thread_start(const char *name, thread_main *run, void *ctx, struct thread **out);
void thread_join(struct thread *t); /* waits for its end and frees it; NULL is allowed */

struct mutex {
    pthread_mutex_t native;
};
void mutex_init(struct mutex *m);
void mutex_deinit(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* Waiting gives the mutex up meanwhile; it may end without a wake-up, so callers test in a loop. */
struct condition {
    pthread_cond_t native;
};
void condition_init(struct condition *c);
void condition_deinit(struct condition *c);
void condition_wait(struct condition *c, struct mutex *m);
void condition_wait_ms(struct condition *c, struct mutex *m, uint64_t timeout_ms);
void condition_wake_one(struct condition *c);
void condition_wake_all(struct condition *c);

#endif
