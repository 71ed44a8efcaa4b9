/* worker.c: the engine's host in the real world. */
#include "io/listen.h"
#include "server/client.h"
#include "server/session.h"
#include "server/web/web.h"

enum { SWEEP_MS = 1000, DRAIN_MS = 1500, MANY_SESSIONS = 500 };

void worker_enter(struct worker *w)
{
    home_now(&w->home, clock_wall_ms());
}

void worker_post(struct worker *w, struct worker_order *o)
{
    inbox_post(w->orders, &o->link);
}

static struct worker_tls ref_tls(const struct worker_tls *tls)
{
    return (struct worker_tls){ tls_context_ref(tls->xmpp), tls_context_ref(tls->http) };
}

static void unref_tls(struct worker_tls *tls)
{
    tls_context_unref(tls->xmpp);
    tls_context_unref(tls->http);
}

/* ---- Doors ----------------------------------------------------------------------------------------- */

static void accepted(void *ctx, int fd)
{
    const struct door *door = ctx;
    struct worker *w = door->worker;

    if (door->kind == LISTEN_HTTPS)
        web_accept(w->web, fd, w->tls.http);
    else
        client_accept(w, fd, door->kind == LISTEN_C2S_TLS);
}

static void upgraded(void *ctx, struct conn *conn, struct str early)
{
    client_upgrade(ctx, conn, early);
}

static uint64_t begin_registration(void *ctx, struct peer peer)
{
    struct worker *w = ctx;

    worker_enter(w);
    return home_begin_registration(&w->home, peer);
}

/* ---- Inboxes --------------------------------------------------------------------------------------- */

static void parcels_came(void *ctx, struct list *items)
{
    struct worker *w = ctx;

    worker_enter(w);
    for (struct link *l; (l = list_pop(items)) != NULL;)
        home_receive(&w->home, l);
}

static void completions_came(void *ctx, struct list *items)
{
    struct worker *w = ctx;

    worker_enter(w);
    home_completed(&w->home, items);
}

static void forget(struct worker *w, struct worker_order *o)
{
    struct account *a = map_get(&w->home.accounts, o->bare);

    if (a != NULL)
        account_end(a);
    inbox_post(o->reply, o->token);
}

static void end_loop(void *ctx)
{
    loop_stop(((struct worker *)ctx)->loop);
}

void worker_end_if_empty(struct worker *w)
{
    if (w->draining && list_empty(&w->clients) && web_idle(w->web))
        loop_stop(w->loop);
}

static void drain(struct worker *w)
{
    if (w->draining)
        return;
    w->draining = true;
    for (size_t i = 0; i < w->door_count; i++)
        listener_free(w->doors[i].listener);
    w->door_count = 0;
    clients_shut_down(w);
    web_drain(w->web);
    home_sweep(&w->home);
    timer_start(w->end, DRAIN_MS);
    worker_end_if_empty(w);
}

static void orders_came(void *ctx, struct list *items)
{
    struct worker *w = ctx;

    worker_enter(w);
    for (struct link *l; (l = list_pop(items)) != NULL;) {
        struct worker_order *o = LIST_ENTRY(l, struct worker_order, link);

        switch (o->kind) {
        case ORDER_ARRIVAL: client_arrive(w, o); break;
        case ORDER_LOGIN_NOTE: home_login_noted(&w->home, o->note); break;
        case ORDER_REGISTRATION_NOTE: home_registration_noted(&w->home, o->address); break;
        case ORDER_NEW_TLS:
            unref_tls(&w->tls);
            w->tls = o->tls;
            break;
        case ORDER_END: drain(w); break;
        case ORDER_FORGET: forget(w, o); break;
        }
        arena_deinit(&o->arena);
        mem_free(o);
    }
}

/* The allocator keeps what many small things leave behind, after ten thousand connections for ever. */
static void give_memory_back(struct worker *w)
{
    uint64_t now = counter_get(&w->home.counters, COUNTER_SESSIONS);

    if (now > w->most_sessions)
        w->most_sessions = now;
    if (w->most_sessions < MANY_SESSIONS || now > w->most_sessions / 2)
        return;
    mem_trim();
    w->most_sessions = now;
}

static void sweep_later(struct worker *w)
{
    w->sweep_due_ms = clock_steady_ms() + SWEEP_MS;
    timer_start(w->sweep, SWEEP_MS);
}

/* How much later than asked for it runs is how long everything on this loop may have to wait. */
static void sweep(void *ctx)
{
    struct worker *w = ctx;
    uint64_t now = clock_steady_ms();

    counter_set(&w->home.counters, COUNTER_LAG_MS,
                now > w->sweep_due_ms ? now - w->sweep_due_ms : 0);
    worker_enter(w);
    home_sweep(&w->home);
    give_memory_back(w);
    sweep_later(w);
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
    w->host = (struct host){ &client_host_ops, w, { tls_random, NULL }, group->count, group->disk };
    home_init(&w->home, &w->host, group->settings, group->store, number);
    doorkeeper_init(&w->doorkeeper, group->boot->config, group->address_key, group->count,
                    &group->open_connections);
    w->web = web_new(&(struct web_host){
        .loop = w->loop,
        .store = group->store,
        .home = number,
        .boot = group->boot,
        .settings = group->settings,
        .random = w->host.random,
        .disk = group->disk,
        .uploads_fd = group->uploads_fd,
        .doorkeeper = &w->doorkeeper,
        .ctx = w,
        .counters = &w->home.counters,
        .begin_registration = begin_registration,
        .websocket = upgraded,
    });
    w->sweep = timer_new(w->loop, sweep, w);
    w->end = timer_new(w->loop, end_loop, w);
    return w;
}

static void worker_main(void *ctx)
{
    struct worker *w = ctx;

    sweep_later(w);
    loop_run(w->loop);
}

enum err worker_start(struct worker *w, const struct worker_tls *tls)
{
    const struct server_boot *boot = w->group->boot;

    w->tls = ref_tls(tls);
    w->doors = mem_alloc(boot->listener_count * sizeof *w->doors);
    for (size_t i = 0; i < boot->listener_count; i++) {
        const struct boot_listener *from = &boot->listeners[i];
        struct door *door;

        if (from->kind == LISTEN_METRICS)
            continue; /* the main thread's */
        door = &w->doors[w->door_count++];
        *door = (struct door){ .worker = w, .kind = from->kind };
        door->listener = listener_new(w->loop, from->fds[w->number], accepted, door);
    }
    return thread_start("worker", worker_main, w, &w->thread);
}

void worker_deliver(struct worker *w, struct list *ops_done)
{
    inbox_post_list(w->completions, ops_done);
}

void worker_reload(struct worker *w, const struct worker_tls *tls)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_NEW_TLS;
    o->tls = ref_tls(tls);
    worker_post(w, o);
}

void worker_drain(struct worker *w)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_END;
    worker_post(w, o);
}

void worker_forget(struct worker *w, struct str bare_jid, struct inbox *reply, struct link *token)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_FORGET;
    o->bare = arena_str(&o->arena, bare_jid);
    o->reply = reply;
    o->token = token;
    worker_post(w, o);
}

const struct counters *worker_counters(const struct worker *w)
{
    return &w->home.counters;
}

void worker_join(struct worker *w)
{
    thread_join(w->thread);
    w->thread = NULL;
}

bool worker_take(struct worker *w)
{
    bool came = inbox_take(w->parcels);

    came |= inbox_take(w->completions);
    return inbox_take(w->orders) || came;
}

void worker_free(struct worker *w)
{
    clients_free(w);
    web_close(w->web);
    inbox_free(w->parcels);
    inbox_free(w->completions);
    inbox_free(w->orders);
    timer_free(w->sweep);
    timer_free(w->end);
    home_deinit(&w->home);
    doorkeeper_deinit(&w->doorkeeper);
    loop_free(w->loop);
    mem_free(w->doors);
    unref_tls(&w->tls);
    web_free(w->web);
    mem_free(w);
}
