/* thread.c: POSIX threads behind thread.h. Misuse of a lock is our own bug: it stops us. */
#include "io/thread.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/mem.h"

struct thread {
    pthread_t native;
    const char *name;
    thread_main *run;
    void *ctx;
};

static void *thread_enter(void *arg)
{
    struct thread *t = arg;

    pthread_setname_np(pthread_self(), t->name); /* of itself: a sandbox lets nobody name others */
    t->run(t->ctx);
    return NULL;
}

enum err thread_start(const char *name, thread_main *run, void *ctx, struct thread **out)
{
    struct thread *t = mem_alloc(sizeof *t);
    sigset_t all, before;
    int failed;

    t->name = name;
    t->run = run;
    t->ctx = ctx;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&t->native, NULL, thread_enter, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        mem_free(t);
        return ERR_IO;
    }
    *out = t;
    return ERR_NONE;
}

void thread_join(struct thread *t)
{
    if (t == NULL)
        return;
    pthread_join(t->native, NULL);
    mem_free(t);
}

static void must(int failed)
{
    assert(!failed);
    (void)failed;
}

void mutex_init(struct mutex *m)
{
    must(pthread_mutex_init(&m->native, NULL));
}

void mutex_deinit(struct mutex *m)
{
    must(pthread_mutex_destroy(&m->native));
}

void mutex_lock(struct mutex *m)
{
    must(pthread_mutex_lock(&m->native));
}

void mutex_unlock(struct mutex *m)
{
    must(pthread_mutex_unlock(&m->native));
}

void condition_init(struct condition *c)
{
    pthread_condattr_t steady;

    must(pthread_condattr_init(&steady));
    must(pthread_condattr_setclock(&steady, CLOCK_MONOTONIC));
    must(pthread_cond_init(&c->native, &steady));
    pthread_condattr_destroy(&steady);
}

void condition_deinit(struct condition *c)
{
    must(pthread_cond_destroy(&c->native));
}

void condition_wait(struct condition *c, struct mutex *m)
{
    must(pthread_cond_wait(&c->native, &m->native));
}

void condition_wait_ms(struct condition *c, struct mutex *m, uint64_t timeout_ms)
{
    struct timespec until;
    int failed;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    failed = pthread_cond_timedwait(&c->native, &m->native, &until);
    must(failed != 0 && failed != ETIMEDOUT);
}

void condition_wake_one(struct condition *c)
{
    must(pthread_cond_signal(&c->native));
}

void condition_wake_all(struct condition *c)
{
    must(pthread_cond_broadcast(&c->native));
}
