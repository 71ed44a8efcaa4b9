/* worker.c: the engine's host in the real world. */
#include "io/listen.h"
#include "server/client.h"
#include "server/component_host.h"
#include "server/event_log.h"
#include "server/mux.h"
#include "server/proxied.h"
#include "server/router.h"
#include "server/s2s_host.h"
#include "server/session.h"
#include "server/turn_conn.h"
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
    return (struct worker_tls){ tls_context_ref(tls->xmpp), tls_context_ref(tls->http),
                                tls_context_ref(tls->mux),
                                tls->s2s != NULL ? tls_context_ref(tls->s2s) : NULL };
}

static void unref_tls(struct worker_tls *tls)
{
    tls_context_unref(tls->xmpp);
    tls_context_unref(tls->http);
    tls_context_unref(tls->mux);
    tls_context_unref(tls->s2s);
}

/* ---- Doors ----------------------------------------------------------------------------------------- */

static void let_in(struct door *door, const struct visitor *v)
{
    struct worker *w = door->worker;

    if (door->kind == LISTEN_HTTPS)
        web_accept(w->web, v, w->tls.http);
    else if (door->kind == LISTEN_MUX)
        mux_accept(w, v);
    else if (door->kind == LISTEN_S2S)
        s2s_host_accept(w, v);
    else if (door->kind == LISTEN_COMPONENT)
        component_host_accept(w, v->fd);
    else
        client_accept(w, v, door->kind == LISTEN_C2S_TLS);
}

static void accepted(void *ctx, int fd)
{
    struct visitor v = visitor_of(fd);
    struct door *door = ctx;

    if (proxied_is_expected(door, &v))
        proxied_accept(door, &v, let_in);
    else
        let_in(door, &v);
}

static void upgraded(void *ctx, struct conn *conn, struct str early)
{
    client_upgrade(ctx, conn, early);
}

static void web_event(void *ctx, const uint8_t ip[16], const struct event *event)
{
    struct worker *w = ctx;

    count(&w->home.counters, COUNTER_EVENTS + event->reason);
    event_log_tell(w->group->events, event,
                   &(struct event_source){ .ip = ip, .transport = "http" });
}

static uint64_t begin_registration(void *ctx, struct peer peer)
{
    struct worker *w = ctx;

    worker_enter(w);
    return home_begin_registration(&w->home, peer);
}

static void emit(void *ctx, const struct xml_node *stanza)
{
    struct worker *w = ctx;

    worker_enter(w);
    router_emit(&w->home, stanza, STR_NONE);
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

static void note_change(struct worker *w, struct worker_order *o)
{
    struct account *a = map_get(&w->home.accounts, o->bare);

    if (a != NULL)
        account_changed(a);
    inbox_post(o->reply, o->token);
}

static void end_loop(void *ctx)
{
    loop_stop(((struct worker *)ctx)->loop);
}

void worker_end_if_empty(struct worker *w)
{
    if (w->draining && list_empty(&w->clients) && list_empty(&w->undecided)
        && list_empty(&w->proxied) && list_empty(&w->turns) && web_idle(w->web)
        && component_host_idle(w->components) && s2s_host_idle(w->s2s))
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
    proxied_end(w);
    mux_drain(w);
    turn_drain(w);
    clients_shut_down(w);
    s2s_host_shut_down(w->s2s);
    component_host_shut_down(w->components);
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
        case ORDER_CHANGED: note_change(w, o); break;
        case ORDER_FETCH_REDEEM:
        case ORDER_FETCH_GIVEN:
        case ORDER_FETCH_DONE: worker_fetch_order(w, o); break;
        case ORDER_S2S_ACCEPT:
        case ORDER_S2S_SEND: s2s_host_order(w, o); break;
        case ORDER_ANCHOR_REPORT: home_anchor_reported(&w->home, o->report); break;
        case ORDER_COMPONENT_ACCEPT:
        case ORDER_COMPONENT_SEND: component_host_order(w, o); break;
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
    list_init(&w->undecided);
    list_init(&w->proxied);
    list_init(&w->turns);
    w->loop = loop_new();
    w->parcels = inbox_new(w->loop, parcels_came, w);
    w->completions = inbox_new(w->loop, completions_came, w);
    w->orders = inbox_new(w->loop, orders_came, w);
    w->host = (struct host){ &client_host_ops, w, { tls_random, NULL }, group->count, group->disk };
    home_init(&w->home, &w->host, group->settings, group->store, number);
    doorkeeper_init(&w->doorkeeper, group->boot->config, group->address_key, group->count,
                    &group->open_connections);
    worker_fetch_init(w);
    w->s2s = s2s_host_new(w);
    w->components = component_host_new(w);
    w->web = web_new(&(struct web_host){
        .loop = w->loop,
        .store = group->store,
        .home = number,
        .boot = group->boot,
        .settings = group->settings,
        .random = w->host.random,
        .disk = group->disk,
        .uploads_fd = group->uploads_fd,
        .fetch = &w->fetch,
        .doorkeeper = &w->doorkeeper,
        .ctx = w,
        .event = web_event,
        .begin_registration = begin_registration,
        .emit = emit,
        .websocket = upgraded,
    });
    w->sweep = timer_new(w->loop, sweep, w);
    w->end = timer_new(w->loop, end_loop, w);
    return w;
}

static void worker_main(void *ctx)
{
    struct worker *w = ctx;

    s2s_host_start(w);
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

void worker_anchor_reported(struct worker *w, const struct anchor_report *r)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_ANCHOR_REPORT;
    o->report = ARENA_NEW(&o->arena, struct anchor_report);
    *o->report = *r;
    worker_post(w, o);
}

void worker_drain(struct worker *w)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_END;
    worker_post(w, o);
}

static void order_about(struct worker *w, enum order_kind kind, struct str bare_jid,
                        struct inbox *reply, struct link *token)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = kind;
    o->bare = arena_str(&o->arena, bare_jid);
    o->reply = reply;
    o->token = token;
    worker_post(w, o);
}

void worker_forget(struct worker *w, struct str bare_jid, struct inbox *reply, struct link *token)
{
    order_about(w, ORDER_FORGET, bare_jid, reply, token);
}

void worker_changed(struct worker *w, struct str bare_jid, struct inbox *reply, struct link *token)
{
    order_about(w, ORDER_CHANGED, bare_jid, reply, token);
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
    proxied_end(w);
    mux_free(w);
    turn_free(w);
    clients_free(w);
    s2s_host_free(w->s2s);
    w->s2s = NULL;
    component_host_free(w->components);
    w->components = NULL;
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
