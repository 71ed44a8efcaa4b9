/* watch.c: readiness of a descriptor, over uv_poll_t. */
#include "io/watch.h"

#include <assert.h>
#include <uv.h>

struct watch {
    uv_poll_t poll;
    watch_ready *ready;
    void *ctx;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = CONTAINER_OF(poll, struct watch, poll);

    w->ready(w->ctx, status < 0 || (events & (UV_READABLE | UV_DISCONNECT)) != 0,
             status < 0 || (events & UV_WRITABLE) != 0);
}

struct watch *watch_new(struct loop *l, int fd, watch_ready *ready, void *ctx)
{
    struct watch *w = mem_alloc(sizeof *w);

    if (uv_poll_init(loop_uv(l), &w->poll, fd) != 0) {
        mem_free(w);
        return NULL;
    }
    w->ready = ready;
    w->ctx = ctx;
    return w;
}

void watch_set(struct watch *w, bool readable, bool writable)
{
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);

    assert(w != NULL); /* a descriptor of ours that cannot be watched leaves nothing to do */
    if (events == 0)
        uv_poll_stop(&w->poll);
    else
        uv_poll_start(&w->poll, events, on_poll);
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(CONTAINER_OF((uv_poll_t *)handle, struct watch, poll));
}

void watch_free(struct watch *w)
{
    if (w != NULL)
        uv_close((uv_handle_t *)&w->poll, on_closed);
}
