/* worker.c: the engine's host in the real world. */
#include "server/worker.h"

#include <assert.h>
#include <unistd.h>

#include "io/listen.h"
#include "io/thread.h"
#include "server/routed.h"
#include "server/session.h"

enum { SWEEP_MS = 1000, DRAIN_MS = 1500 };

/* One connection with its session: the engine's `link`. */
struct client {
    struct link link;                /* in worker->clients */
    struct worker *worker;
    struct conn *conn;
    struct session *session;
    struct timer *wake;              /* only while there is a deadline */
    bool paused, moving;
    unsigned move_to;
};

/* What other threads send to a worker, beside stanzas and completions. */
enum order_kind { ORDER_ARRIVAL, ORDER_NEW_TLS, ORDER_END, ORDER_FORGET };

struct worker_order {
    struct link link;
    enum order_kind kind;
    struct conn_parcel parcel;       /* ORDER_ARRIVAL */
    struct session *session;
    struct tls_context *tls;         /* ORDER_NEW_TLS */
    struct arena arena;              /* ORDER_FORGET */
    struct str bare;
    struct inbox *reply;
    struct link *token;
};

/* A listening socket and what is spoken on it. */
struct door { struct worker *worker; struct listener *listener; enum listener_kind kind; };

struct worker {
    struct worker_group *group;
    unsigned number;
    struct loop *loop;
    struct thread *thread;
    struct inbox *parcels, *completions, *orders;
    struct door *doors;
    size_t door_count;
    struct timer *sweep, *end;
    struct list clients;
    struct tls_context *tls;
    struct host host;
    struct home home;
    bool draining;
};

static void enter(struct worker *w)
{
    home_now(&w->home, clock_wall_ms());
}

/* ---- Connections ----------------------------------------------------------------------------------- */

static void client_received(void *ctx, struct str bytes)
{
    struct client *c = ctx;

    if (c->session == NULL)
        return; /* dropped: its session has gone on to another connection */
    enter(c->worker);
    session_received(c->session, bytes);
}

static void client_secured(void *ctx)
{
    struct client *c = ctx;

    enter(c->worker);
    session_secured(c->session);
}

static void client_free(struct client *c)
{
    struct worker *w = c->worker;

    list_remove(&c->link);
    timer_free(c->wake);
    mem_free(c);
    if (w->draining && list_empty(&w->clients))
        loop_stop(w->loop); /* nobody is left to wait for */
}

static void client_closed(void *ctx, enum err why)
{
    struct client *c = ctx;

    (void)why; /* a client that goes away is no event for the log */
    enter(c->worker);
    if (c->session != NULL)
        session_gone(c->session);
    client_free(c);
}

static void post_order(struct worker *w, struct worker_order *o)
{
    inbox_post(w->orders, &o->link);
}

/* All output is with the kernel and no code of the engine is on the stack: the session can go. */
static void client_move(struct client *c)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    assert(c->session->holds == 0);
    if (!conn_detach(c->conn, &o->parcel)) { /* the peer has just gone: `closed` follows */
        mem_free(o);
        return;
    }
    o->kind = ORDER_ARRIVAL;
    o->session = c->session;
    o->session->link = NULL;
    post_order(c->worker->group->workers[c->move_to], o);
    client_free(c);
}

static void client_drained(void *ctx)
{
    struct client *c = ctx;

    if (c->moving && conn_queued(c->conn) == 0) {
        client_move(c);
    } else if (c->session != NULL) {
        enter(c->worker);
        session_drained(c->session);
    }
}

static const struct conn_handlers handlers = {
    .received = client_received,
    .secured = client_secured,
    .drained = client_drained,
    .closed = client_closed,
};

static struct client *client_new(struct worker *w)
{
    struct client *c = mem_alloc(sizeof *c);

    c->worker = w;
    list_add(&w->clients, &c->link);
    return c;
}

static void accepted(void *ctx, int fd)
{
    const struct door *door = ctx;
    struct worker *w = door->worker;
    struct client *c = client_new(w);

    enter(w);
    c->conn = conn_accept(w->loop, fd, &handlers, c);
    if (c->conn == NULL) {
        client_free(c);
        return;
    }
    c->session = session_new(&w->home, c, false, STREAM_TCP);
    c->session->exempt = cidr_list_holds(&w->group->boot->config->limits.exempt, conn_peer(c->conn).ip);
    if (door->kind == LISTEN_C2S_TLS) /* XEP-0368: TLS comes first, the stream in it */
        conn_start_tls(c->conn, w->tls);
}

static void arrive(struct worker *w, struct worker_order *o)
{
    struct client *c = client_new(w);

    c->conn = conn_adopt(w->loop, &o->parcel, &handlers, c);
    c->session = o->session;
    o->session->home = &w->home;
    if (c->conn == NULL) {
        conn_parcel_drop(&o->parcel);
        client_free(c);
        session_gone(o->session);
        return;
    }
    o->session->link = c;
    session_arrived(c->session, &w->home);
}

/* ---- Host ------------------------------------------------------------------------------------------ */

static void host_send(void *link, struct blob *b)
{
    conn_send(((struct client *)link)->conn, b);
}

static void host_write(void *link, struct str text)
{
    conn_write(((struct client *)link)->conn, text);
}

static void host_close(void *link)
{
    conn_close(((struct client *)link)->conn);
}

static size_t host_queued(void *link)
{
    return conn_queued(((struct client *)link)->conn);
}

static void host_pause(void *link, bool paused)
{
    struct client *c = link;

    if (c->paused == paused)
        return;
    c->paused = paused;
    conn_pause(c->conn, paused);
}

static void host_start_tls(void *link)
{
    struct client *c = link;

    conn_start_tls(c->conn, c->worker->tls);
}

static struct binding_data host_binding(void *link, struct arena *a)
{
    return conn_binding(((struct client *)link)->conn, a);
}

static void woken(void *ctx)
{
    struct client *c = ctx;

    enter(c->worker);
    session_wake(c->session);
}

static void host_wake_at(void *link, uint64_t at_ms)
{
    struct client *c = link;
    uint64_t now = c->worker->home.now_ms;

    if (at_ms == 0) { /* most sessions have none most of the time */
        timer_free(c->wake);
        c->wake = NULL;
        return;
    }
    if (c->wake == NULL)
        c->wake = timer_new(c->worker->loop, woken, c);
    timer_start(c->wake, at_ms > now ? at_ms - now : 0);
}

static void host_move(void *link, unsigned home)
{
    struct client *c = link;

    c->moving = true;
    c->move_to = home;
}

static void host_take(void *link, struct session *to)
{
    ((struct client *)link)->session = to;
}

static void host_drop(void *link)
{
    struct client *c = link;

    c->session = NULL;
    conn_abort(c->conn);
}

static void host_offload(void *ctx, void (*work)(void *), void (*done)(void *), void *arg)
{
    loop_offload(((struct worker *)ctx)->loop, work, done, arg);
}

static void host_post(void *ctx, unsigned home, struct link *parcel)
{
    inbox_post(((struct worker *)ctx)->group->workers[home]->parcels, parcel);
}

static void host_log(void *ctx, const char *event, struct str account, const char *key, uint64_t value)
{
    LOG(((struct worker *)ctx)->group->boot->log, INFO, event, log_account(account),
        log_int(key, (int64_t)value));
}

static const struct host_ops ops = {
    .send = host_send,
    .write = host_write,
    .close = host_close,
    .queued = host_queued,
    .pause = host_pause,
    .start_tls = host_start_tls,
    .binding = host_binding,
    .wake_at = host_wake_at,
    .move = host_move,
    .take = host_take,
    .drop = host_drop,
    .offload = host_offload,
    .post = host_post,
    .log = host_log,
};

/* ---- Inboxes --------------------------------------------------------------------------------------- */

static void parcels_came(void *ctx, struct list *items)
{
    struct worker *w = ctx;

    enter(w);
    for (struct link *l; (l = list_pop(items)) != NULL;)
        home_receive(&w->home, l);
}

static void completions_came(void *ctx, struct list *items)
{
    struct worker *w = ctx;

    enter(w);
    home_completed(&w->home, items);
}

static void forget(struct worker *w, struct worker_order *o)
{
    struct account *a = map_get(&w->home.accounts, o->bare);

    if (a != NULL) {
        a->pins++;
        LIST_EACH(&a->sessions, l)
            session_fail(LIST_ENTRY(l, struct session, in_account), STREAM_NOT_AUTHORIZED,
                         STR("This account has been removed."));
        account_forget_view(a);
        account_unpin(a);
    }
    inbox_post(o->reply, o->token);
}

static void end_loop(void *ctx)
{
    loop_stop(((struct worker *)ctx)->loop);
}

static void drain(struct worker *w)
{
    if (w->draining)
        return;
    w->draining = true;
    for (size_t i = 0; i < w->door_count; i++)
        listener_free(w->doors[i].listener);
    w->door_count = 0;
    LIST_EACH(&w->clients, l) {
        struct client *c = LIST_ENTRY(l, struct client, link);

        if (c->session != NULL)
            session_shutdown(c->session);
    }
    home_sweep(&w->home);
    if (list_empty(&w->clients))
        loop_stop(w->loop);
    else
        timer_start(w->end, DRAIN_MS);
}

static void orders_came(void *ctx, struct list *items)
{
    struct worker *w = ctx;

    enter(w);
    for (struct link *l; (l = list_pop(items)) != NULL;) {
        struct worker_order *o = LIST_ENTRY(l, struct worker_order, link);

        switch (o->kind) {
        case ORDER_ARRIVAL: arrive(w, o); break;
        case ORDER_NEW_TLS:
            tls_context_unref(w->tls);
            w->tls = o->tls;
            break;
        case ORDER_END: drain(w); break;
        case ORDER_FORGET: forget(w, o); break;
        }
        arena_deinit(&o->arena);
        mem_free(o);
    }
}

static void sweep(void *ctx)
{
    struct worker *w = ctx;

    enter(w);
    home_sweep(&w->home);
    timer_start(w->sweep, SWEEP_MS);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

struct worker *worker_new(struct worker_group *group, unsigned number)
{
    struct worker *w = mem_alloc(sizeof *w);

    w->group = group;
    w->number = number;
    list_init(&w->clients);
    w->loop = loop_new();
    w->parcels = inbox_new(w->loop, parcels_came, w);
    w->completions = inbox_new(w->loop, completions_came, w);
    w->orders = inbox_new(w->loop, orders_came, w);
    w->host = (struct host){ &ops, w, { tls_random, NULL }, group->count };
    home_init(&w->home, &w->host, group->settings, group->store, number);
    w->sweep = timer_new(w->loop, sweep, w);
    w->end = timer_new(w->loop, end_loop, w);
    return w;
}

static void worker_main(void *ctx)
{
    struct worker *w = ctx;

    timer_start(w->sweep, SWEEP_MS);
    loop_run(w->loop);
}

enum err worker_start(struct worker *w, struct tls_context *tls)
{
    const struct server_boot *boot = w->group->boot;

    w->tls = tls_context_ref(tls);
    w->doors = mem_alloc(boot->listener_count * sizeof *w->doors);
    for (size_t i = 0; i < boot->listener_count; i++) {
        const struct boot_listener *from = &boot->listeners[i];
        struct door *door = &w->doors[w->door_count++];

        *door = (struct door){ .worker = w, .kind = from->kind };
        door->listener = listener_new(w->loop, from->fds[w->number], accepted, door);
    }
    return thread_start("worker", worker_main, w, &w->thread);
}

void worker_deliver(struct worker *w, struct list *ops_done)
{
    inbox_post_list(w->completions, ops_done);
}

void worker_reload(struct worker *w, struct tls_context *tls)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_NEW_TLS;
    o->tls = tls_context_ref(tls);
    post_order(w, o);
}

void worker_drain(struct worker *w)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_END;
    post_order(w, o);
}

void worker_forget(struct worker *w, struct str bare_jid, struct inbox *reply, struct link *token)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_FORGET;
    o->bare = arena_str(&o->arena, bare_jid);
    o->reply = reply;
    o->token = token;
    post_order(w, o);
}

struct worker_counters worker_counters(const struct worker *w)
{
    return (struct worker_counters){
        w->home.counters.sessions, w->home.counters.stanzas_in, w->home.counters.stanzas_out,
        w->home.counters.archived, w->home.counters.logins, w->home.counters.failed_logins,
    };
}

void worker_join(struct worker *w)
{
    thread_join(w->thread);
    w->thread = NULL;
}

void worker_free(struct worker *w)
{
    LIST_EACH(&w->clients, l) {
        struct client *c = LIST_ENTRY(l, struct client, link);

        if (c->session != NULL)
            session_gone(c->session);
        client_free(c);
    }
    inbox_free(w->parcels);
    inbox_free(w->completions);
    inbox_free(w->orders);
    timer_free(w->sweep);
    timer_free(w->end);
    home_deinit(&w->home);
    loop_free(w->loop);
    mem_free(w->doors);
    tls_context_unref(w->tls);
    mem_free(w);
}
