/* loop.c: life of a loop, its rounds, work off the loop, clocks. */
#include "io/loop_inside.h"

#include <assert.h>
#include <time.h>

static void run_round(uv_prepare_t *handle)
{
    struct loop *l = CONTAINER_OF(handle, struct loop, round);

    for (size_t i = 0; i < l->round_count; i++)
        l->round_fns[i].fn(l->round_fns[i].ctx);
    if (l->guest.flush != NULL)
        l->guest.flush(l->guest.ctx);
}

static void on_stop(uv_async_t *handle)
{
    uv_stop(handle->loop);
}

struct loop *loop_new(void)
{
    struct loop *l = mem_alloc(sizeof *l);

    if (uv_loop_init(&l->uv) != 0) {
        mem_free(l);
        return NULL;
    }
    if (uv_async_init(&l->uv, &l->stop, on_stop) != 0) {
        uv_loop_close(&l->uv);
        mem_free(l);
        return NULL;
    }
    uv_prepare_init(&l->uv, &l->round);
    uv_prepare_start(&l->round, run_round);
    timers_init(l);
    return l;
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_free(struct loop *l)
{
    int left;

    if (l == NULL)
        return;
    if (l->guest.close != NULL)
        l->guest.close(l->guest.ctx);
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    left = uv_loop_close(&l->uv);
    assert(left == 0);
    (void)left;
    if (l->guest.free != NULL)
        l->guest.free(l->guest.ctx);
    timers_deinit(l);
    mem_free(l->round_fns);
    mem_free(l);
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    uv_async_send(&l->stop);
}

void *loop_uv(struct loop *l)
{
    return &l->uv;
}

struct loop_guest *loop_guest(struct loop *l)
{
    return &l->guest;
}

void loop_each_round(struct loop *l, work_fn *fn, void *ctx)
{
    l->round_fns = mem_resize(l->round_fns, (l->round_count + 1) * sizeof *l->round_fns);
    l->round_fns[l->round_count++] = (struct round_fn){ fn, ctx };
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    int failed = clock_gettime(clock, &t);

    assert(!failed);
    (void)failed;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

uint64_t clock_steady_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t clock_steady_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct offload {
    uv_work_t request;
    work_fn *work, *done;
    void *ctx;
};

static void on_work(uv_work_t *request)
{
    struct offload *o = CONTAINER_OF(request, struct offload, request);

    o->work(o->ctx);
}

static void on_done(uv_work_t *request, int status)
{
    struct offload o = *CONTAINER_OF(request, struct offload, request);

    (void)status; /* work is never cancelled */
    mem_free(CONTAINER_OF(request, struct offload, request));
    o.done(o.ctx);
}

void loop_offload(struct loop *l, work_fn *work, work_fn *done, void *ctx)
{
    struct offload *o = mem_alloc(sizeof *o);

    *o = (struct offload){ .work = work, .done = done, .ctx = ctx };
    uv_queue_work(&l->uv, &o->request, on_work, on_done);
}
