/* conn_hub.c: what the connections of a loop share, and the two moments at which it works for all of them:
 * owed callbacks (idle phase, before the loop's round functions) and the flush (after them).
 */
#include "io/conn_inside.h"

static void on_awake(uv_idle_t *handle)
{
    struct hub *h = CONTAINER_OF(handle, struct hub, awake);
    struct list now;
    struct link *item;

    uv_idle_stop(handle);
    list_init(&now);
    list_splice(&now, &h->due);
    while ((item = list_pop(&now)) != NULL)
        conn_settle(LIST_ENTRY(item, struct conn, in_due));
}

static void flush_all(void *ctx)
{
    struct hub *h = ctx;
    struct list now;
    struct link *item;

    h->handshakes = 0;
    list_init(&now);
    list_splice(&now, &h->dirty);
    while ((item = list_pop(&now)) != NULL)
        conn_output(LIST_ENTRY(item, struct conn, in_dirty));
    if (!list_empty(&h->dirty))
        uv_idle_start(&h->awake, on_awake); /* some had more than their share of a round */
}

static void close_one(uv_handle_t *handle, void *ctx)
{
    static const struct conn_handlers deaf;
    struct conn *c = CONTAINER_OF((uv_poll_t *)handle, struct conn, poll);

    if (handle->type != UV_POLL || handle->data != ctx)
        return;
    conn_handlers(c, &deaf, NULL);
    conn_end(c, ERR_NONE);
}

/* The descriptors go; nobody is told (loop.h). */
static void close_all(void *ctx)
{
    struct hub *h = ctx;

    uv_walk(loop_uv(h->loop), close_one, h);
}

static void hub_free(void *ctx)
{
    struct hub *h = ctx;

    BIO_free(h->bio);
    BIO_meth_free(h->method);
    mem_free(h);
}

struct hub *hub_of(struct loop *l)
{
    struct hub *h = loop_guest(l)->ctx;

    if (h != NULL)
        return h;
    h = mem_alloc_raw(sizeof *h);
    h->loop = l;
    h->handshakes = 0;
    h->fed = NULL;
    h->input = STR_NONE;
    h->input_whole = 0;
    h->out_n = 0;
    list_init(&h->due);
    list_init(&h->dirty);
    uv_idle_init(loop_uv(l), &h->awake);
    h->bio = conn_bio_new(&h->method);
    *loop_guest(l) = (struct loop_guest){ h, flush_all, close_all, hub_free };
    return h;
}

void hub_owe(struct conn *c)
{
    list_remove(&c->in_due);
    list_add(&c->hub->due, &c->in_due);
    uv_idle_start(&c->hub->awake, on_awake);
}

void hub_mark_dirty(struct conn *c)
{
    list_remove(&c->in_dirty);
    list_add(&c->hub->dirty, &c->in_dirty);
}

struct str hub_forget(struct conn *c)
{
    struct hub *h = c->hub;
    struct str input = h->fed == c ? h->input : STR_NONE;

    list_remove(&c->in_due);
    list_remove(&c->in_dirty);
    if (h->fed == c) {
        h->input = STR_NONE;
        h->input_whole = 0;
    }
    return input;
}
