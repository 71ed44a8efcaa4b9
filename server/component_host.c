/* component_host.c: see component_host.h. */
#include "server/component_host.h"

#include <unistd.h>

#include "server/component.h"

enum { KEEPER = 0 /* the worker that has all of them */ };

struct component_host {
    struct worker *worker;
    struct list lines;
    bool draining;
};

/* A connection: what a stream calls its link. */
struct line {
    struct link in_host;
    struct component_host *host;
    struct conn *conn;
    struct timer *wake;
    struct component *component; /* NULL: it was not let in */
    struct peer peer;
    bool counted; /* by the doorkeeper */
};

/* ---- What a stream asks of its link ---------------------------------------------------------------- */

static void line_write(void *link, struct str text)
{
    conn_write(((struct line *)link)->conn, text);
}

static void line_send(void *link, struct blob *b)
{
    conn_send(((struct line *)link)->conn, b);
}

static size_t line_queued(void *link)
{
    return conn_queued(((struct line *)link)->conn);
}

static void line_pause(void *link, bool paused)
{
    conn_pause(((struct line *)link)->conn, paused);
}

static void line_close(void *link)
{
    conn_close(((struct line *)link)->conn);
}

static void line_wake_at(void *link, uint64_t at_ms)
{
    struct line *l = link;
    uint64_t now = l->host->worker->home.now_ms;

    if (at_ms == 0)
        timer_stop(l->wake);
    else
        timer_start(l->wake, at_ms > now ? at_ms - now : 0);
}

static const struct component_ops ops = {
    .write = line_write,
    .send = line_send,
    .queued = line_queued,
    .pause = line_pause,
    .close = line_close,
    .wake_at = line_wake_at,
};

/* ---- Connections ----------------------------------------------------------------------------------- */

static void line_received(void *ctx, struct str bytes)
{
    struct line *l = ctx;

    worker_enter(l->host->worker);
    if (l->component != NULL)
        component_received(l->component, bytes);
}

static void line_free(struct line *l)
{
    struct worker *w = l->host->worker;

    if (l->counted)
        doorkeeper_leave(&w->doorkeeper, l->peer, false);
    if (l->component != NULL)
        component_gone(l->component);
    list_remove(&l->in_host);
    timer_free(l->wake);
    mem_free(l);
    worker_end_if_empty(w);
}

static void line_closed(void *ctx, enum err why)
{
    struct line *l = ctx;

    (void)why; /* that it has gone shows in what comes back */
    worker_enter(l->host->worker);
    line_free(l);
}

static const struct conn_handlers handlers = { .received = line_received, .closed = line_closed };

static void line_woken(void *ctx)
{
    struct line *l = ctx;

    worker_enter(l->host->worker);
    if (l->component != NULL)
        component_wake(l->component);
}

static void accept_here(struct component_host *h, int fd)
{
    struct worker *w = h->worker;
    struct line *l = mem_alloc(sizeof *l);

    l->host = h;
    l->conn = conn_accept(w->loop, fd, &handlers, l);
    if (l->conn == NULL) {
        mem_free(l);
        return;
    }
    l->wake = timer_new(w->loop, line_woken, l);
    list_add(&h->lines, &l->in_host);
    l->peer = doorkeeper_peer(&w->doorkeeper, conn_peer(l->conn).ip);
    l->counted = doorkeeper_admit(&w->doorkeeper, l->peer, w->home.now_ms);
    if (!l->counted) {
        home_event(&w->home, NULL, EVENT(EVENT_CONNECTIONS, .rule = "component"));
        conn_abort(l->conn);
        return;
    }
    l->component = component_new(&w->home, &ops, l);
}

/* ---- Orders ---------------------------------------------------------------------------------------- */

void component_host_accept(struct worker *any, int fd)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_COMPONENT_ACCEPT;
    o->component_fd = fd;
    worker_post(any->group->workers[KEEPER], o);
}

void component_host_send(struct worker *any, struct remote_parcel *p)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_COMPONENT_SEND;
    o->to_component = p;
    worker_post(any->group->workers[KEEPER], o);
}

void component_host_order(struct worker *w, struct worker_order *o)
{
    if (o->kind == ORDER_COMPONENT_SEND)
        component_send(&w->home, o->to_component);
    else if (w->components == NULL || w->components->draining)
        close(o->component_fd);
    else
        accept_here(w->components, o->component_fd);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

struct component_host *component_host_new(struct worker *w)
{
    struct component_host *h;

    if (w->number != KEEPER || w->group->settings->component_count == 0)
        return NULL;
    h = mem_alloc(sizeof *h);
    h->worker = w;
    list_init(&h->lines);
    return h;
}

bool component_host_idle(const struct component_host *h)
{
    return h == NULL || list_empty(&h->lines);
}

void component_host_shut_down(struct component_host *h)
{
    if (h == NULL)
        return;
    h->draining = true;
    LIST_EACH (&h->lines, l) {
        struct line *line = LIST_ENTRY(l, struct line, in_host);

        if (line->component != NULL)
            component_shutdown(line->component);
    }
}

void component_host_free(struct component_host *h)
{
    if (h == NULL)
        return;
    LIST_EACH (&h->lines, l)
        line_free(LIST_ENTRY(l, struct line, in_host));
    mem_free(h);
}
