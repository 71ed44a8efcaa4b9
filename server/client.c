/* client.c: binds the engine's sessions to connections. */
#include "server/client.h"

#include <assert.h>

#include "server/anchor_link.h"
#include "server/component_host.h"
#include "server/event_log.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/remote.h"
#include "server/s2s_host.h"
#include "server/session.h"
#include "server/web/websocket.h"

struct client {
    struct link link; /* in worker->clients */
    struct worker *worker;
    struct conn *conn;
    struct websocket *websocket; /* NULL: the stream is on TCP */
    enum client_transport transport;
    struct session *session;
    struct timer *wake;  /* only while there is a deadline, or nothing to wait for before moving */
    struct timer *again; /* WebSocket: messages are left after a pause */
    struct peer peer;
    bool counted, stranger; /* by the doorkeeper; it has not logged in */
    bool paused, moving;
    unsigned move_to;
};

/* Answers to pings of a peer that does not read them; what matters is limited by the engine. */
enum { CONTROL_BACKLOG_BYTES = 64 * 1024 };

/* ---- WebSocket ------------------------------------------------------------------------------------- */

static void write_frames(struct client *c)
{
    struct str frames = websocket_output(c->websocket);

    if (frames.n == 0)
        return;
    conn_write(c->conn, frames);
    websocket_sent(c->websocket);
}

static void answer_control(struct client *c)
{
    if (conn_queued(c->conn) > CONTROL_BACKLOG_BYTES)
        websocket_sent(c->websocket);
    else
        write_frames(c);
}

/* Messages go to the session one at a time, and wait while it is paused or on its way to another worker. */
static void pump(struct client *c)
{
    struct str text;

    while (c->session != NULL && !c->paused && !c->moving) {
        switch (websocket_next(c->websocket, &text)) {
        case WEBSOCKET_MORE: return;
        case WEBSOCKET_TEXT: session_received(c->session, text); break;
        case WEBSOCKET_CLOSED: /* without <close/> first the session may be resumed (RFC 7395 §3.6) */
            conn_close(c->conn);
            return;
        }
    }
}

static void received_frames(struct client *c, struct str bytes)
{
    const struct settings *settings = c->worker->home.settings;
    bool known = c->session->state != SESSION_NEGOTIATING;

    websocket_limit(c->websocket, known ? settings->stanza_bytes : settings->element_bytes);
    websocket_feed(c->websocket, bytes);
    session_heard(c->session, bytes.n);
    answer_control(c);
    pump(c);
    if (c->session != NULL)
        session_resume_reading(c->session); /* or not: control frames cost it, too */
}

static void pump_again(void *ctx)
{
    struct client *c = ctx;

    worker_enter(c->worker);
    pump(c);
}

static void pump_soon(struct client *c)
{
    if (c->again == NULL)
        c->again = timer_new(c->worker->loop, pump_again, c);
    timer_start(c->again, 0);
}

/* ---- What the connection reports ------------------------------------------------------------------- */

static void client_received(void *ctx, struct str bytes)
{
    struct client *c = ctx;

    if (c->session == NULL)
        return; /* dropped: its session has gone on to another connection */
    worker_enter(c->worker);
    if (c->websocket != NULL)
        received_frames(c, bytes);
    else
        session_received(c->session, bytes);
}

static void client_secured(void *ctx)
{
    struct client *c = ctx;

    worker_enter(c->worker);
    session_secured(c->session);
}

static void client_free(struct client *c)
{
    struct worker *w = c->worker;

    if (c->counted)
        doorkeeper_leave(&w->doorkeeper, c->peer, c->stranger);
    list_remove(&c->link);
    uncount(&w->home.counters, COUNTER_CONNECTIONS + c->transport);
    timer_free(c->wake);
    timer_free(c->again);
    websocket_free(c->websocket);
    mem_free(c);
    worker_end_if_empty(w);
}

static void client_closed(void *ctx, enum err why)
{
    struct client *c = ctx;

    (void)why; /* a client that goes away is no event for the log */
    worker_enter(c->worker);
    if (c->session != NULL)
        session_gone(c->session);
    client_free(c);
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
    o->websocket = c->websocket;
    o->transport = c->transport;
    c->websocket = NULL;
    worker_post(c->worker->group->workers[c->move_to], o);
    client_free(c);
}

static void client_drained(void *ctx)
{
    struct client *c = ctx;

    if (c->moving && conn_queued(c->conn) == 0) {
        client_move(c);
    } else if (c->session != NULL) {
        worker_enter(c->worker);
        session_drained(c->session);
    }
}

static const struct conn_handlers handlers = {
    .received = client_received,
    .secured = client_secured,
    .drained = client_drained,
    .closed = client_closed,
};

/* ---- Beginnings and ends --------------------------------------------------------------------------- */

static struct client *client_new(struct worker *w, enum client_transport transport)
{
    struct client *c = mem_alloc(sizeof *c);

    c->worker = w;
    c->transport = transport;
    list_add(&w->clients, &c->link);
    count(&w->home.counters, COUNTER_CONNECTIONS + transport);
    return c;
}

static void tell(struct client *c, const struct event *event, const struct event_traits *traits)
{
    struct peer_address peer = conn_peer(c->conn);

    event_log_tell(c->worker->group->events, event,
                   &(struct event_source){ peer.ip, transport_name(c->transport), *traits });
}

/* There is no session yet that could tell it. */
static void tell_crowded(struct client *c)
{
    count(&c->worker->home.counters, COUNTER_EVENTS + EVENT_CONNECTIONS);
    tell(c, EVENT(EVENT_CONNECTIONS), &(struct event_traits){ 0 });
}

/* False: its address has enough connections; the end of this one follows. `counted`: already. */
static bool admit(struct client *c, bool counted)
{
    struct doorkeeper *d = &c->worker->doorkeeper;

    c->peer = doorkeeper_peer(d, conn_peer(c->conn).ip);
    c->counted = counted || doorkeeper_admit(d, c->peer, c->worker->home.now_ms);
    c->stranger = c->counted && doorkeeper_admit_stranger(d, c->peer);
    count(&c->worker->home.counters, COUNTER_CONNECTED + c->transport);
    if (!c->stranger) {
        tell_crowded(c);
        conn_abort(c->conn);
    }
    return c->stranger;
}

void client_accept(struct worker *w, const struct visitor *v, bool direct_tls)
{
    struct client *c = client_new(w, direct_tls ? TRANSPORT_TLS : TRANSPORT_STARTTLS);

    worker_enter(w);
    c->conn = conn_admit(w->loop, v, &handlers, c);
    if (c->conn == NULL) {
        client_free(c);
        return;
    }
    if (!admit(c, false))
        return;
    c->session = session_new(&w->home, c, false, STREAM_TCP);
    if (direct_tls) /* XEP-0368: TLS comes first, the stream in it */
        conn_start_tls(c->conn, w->tls.xmpp);
}

void client_take(struct worker *w, struct conn *conn, enum client_transport transport,
                 struct str early)
{
    struct client *c = client_new(w, transport);

    worker_enter(w);
    conn_handlers(conn, &handlers, c);
    c->conn = conn;
    if (!admit(c, true))
        return;
    c->session = session_new(&w->home, c, false, STREAM_TCP);
    if (transport == TRANSPORT_TLS)
        client_secured(c);
    if (early.n > 0)
        client_received(c, early);
}

void client_upgrade(struct worker *w, struct conn *conn, struct str early)
{
    struct client *c = client_new(w, TRANSPORT_WEBSOCKET);

    worker_enter(w);
    conn_handlers(conn, &handlers, c);
    conn_pause(conn, false);
    c->conn = conn;
    if (!admit(c, true))
        return;
    c->websocket = websocket_new(w->home.settings->element_bytes);
    c->session = session_new(&w->home, c, true, STREAM_WEBSOCKET);
    if (early.n > 0)
        received_frames(c, early);
}

void client_arrive(struct worker *w, struct worker_order *o)
{
    struct client *c = client_new(w, o->transport);

    worker_enter(w);
    c->conn = conn_adopt(w->loop, &o->parcel, &handlers, c);
    c->session = o->session;
    c->websocket = o->websocket;
    o->session->home = &w->home;
    if (c->conn == NULL) {
        conn_parcel_drop(&o->parcel);
        client_free(c);
        session_gone(o->session);
        return;
    }
    c->peer = doorkeeper_peer(&w->doorkeeper, conn_peer(c->conn).ip);
    doorkeeper_arrive(&w->doorkeeper, c->peer);
    c->counted = true;
    o->session->link = c;
    session_arrived(c->session, &w->home);
    if (c->websocket != NULL)
        pump_soon(c);
}

void clients_shut_down(struct worker *w)
{
    LIST_EACH (&w->clients, l) {
        struct client *c = LIST_ENTRY(l, struct client, link);

        if (c->session != NULL)
            session_shutdown(c->session);
    }
}

void clients_free(struct worker *w)
{
    LIST_EACH (&w->clients, l) {
        struct client *c = LIST_ENTRY(l, struct client, link);

        if (c->session != NULL)
            session_gone(c->session);
        client_free(c);
    }
}

/* ---- What the engine asks of a link (host.h) ------------------------------------------------------- */

static void host_write(void *link, struct str text)
{
    struct client *c = link;

    if (c->websocket == NULL) {
        conn_write(c->conn, text);
        return;
    }
    websocket_send(c->websocket, text);
    write_frames(c);
}

/* A blob is shared with TCP streams, where jabber:client is declared around it. */
static void send_framed(struct client *c, struct str blob)
{
    struct buf text;

    buf_init(&text, SIZE_MAX / 2);
    stream_frame_blob(&text, blob, STR(NS_CLIENT));
    host_write(c, buf_str(&text));
    buf_deinit(&text);
}

static void host_send(void *link, struct blob *b)
{
    struct client *c = link;

    if (c->websocket == NULL) {
        conn_send(c->conn, b);
        return;
    }
    send_framed(c, blob_str(b));
    blob_unref(b);
}

static void host_close(void *link)
{
    struct client *c = link;

    if (c->websocket != NULL) {
        websocket_close(c->websocket);
        write_frames(c);
    }
    conn_close(c->conn);
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
    if (!paused && c->websocket != NULL && websocket_waits(c->websocket))
        pump_soon(c);
}

static void host_start_tls(void *link)
{
    struct client *c = link;

    conn_start_tls(c->conn, c->worker->tls.xmpp);
}

static struct binding_data host_binding(void *link, struct arena *a)
{
    return conn_binding(((struct client *)link)->conn, a);
}

static void woken(void *ctx)
{
    struct client *c = ctx;

    worker_enter(c->worker);
    if (!c->moving)
        session_wake(c->session);
    else if (conn_queued(c->conn) == 0)
        client_move(c);
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
    if (conn_queued(c->conn) == 0) /* nothing will drain: as soon as the engine has returned */
        host_wake_at(link, c->worker->home.now_ms);
}

static struct peer host_peer(void *link)
{
    return ((struct client *)link)->peer;
}

static void host_logged_in(void *link)
{
    struct client *c = link;

    c->stranger = false;
    doorkeeper_login(&c->worker->doorkeeper, c->peer);
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

/* ---- What it asks of the worker -------------------------------------------------------------------- */

static void host_offload(void *ctx, void (*work)(void *), void (*done)(void *), void *arg)
{
    loop_offload(((struct worker *)ctx)->loop, work, done, arg);
}

static void host_post(void *ctx, unsigned home, struct link *parcel)
{
    inbox_post(((struct worker *)ctx)->group->workers[home]->parcels, parcel);
}

/* To all other workers; `what` is copied, but for what an order owns. */
static void tell_others(struct worker *w, const struct worker_order *what)
{
    for (unsigned i = 0; i < w->group->count; i++) {
        struct worker_order *o;

        if (i == w->number)
            continue;
        o = mem_alloc(sizeof *o);
        *o = *what;
        worker_post(w->group->workers[i], o);
    }
}

static void host_note_login(void *ctx, struct login_note note)
{
    struct worker *w = ctx;

    home_login_noted(&w->home, note);
    tell_others(w, &(struct worker_order){ .kind = ORDER_LOGIN_NOTE, .note = note });
}

static void host_note_registration(void *ctx, uint64_t address)
{
    struct worker *w = ctx;

    home_registration_noted(&w->home, address);
    tell_others(w, &(struct worker_order){ .kind = ORDER_REGISTRATION_NOTE, .address = address });
}

static void host_event(void *ctx, void *link, const struct event *event,
                       const struct event_traits *traits)
{
    if (link != NULL)
        tell(link, event, traits);
    else
        event_log_tell(((struct worker *)ctx)->group->events, event,
                       &(struct event_source){ .traits = *traits });
}

static void host_log(void *ctx, const char *event, struct str account, const char *key,
                     uint64_t value)
{
    LOG(((struct worker *)ctx)->group->boot->log, INFO, event, log_account(account),
        log_int(key, (int64_t)value));
}

static void host_anchor(void *ctx, const struct anchor_order *order)
{
    struct worker *w = ctx;

    anchor_link_order(w->group->anchor, w->number, order);
}

static void host_remote(void *ctx, struct remote_parcel *p)
{
    const struct worker *w = ctx;

    if (settings_component(w->home.settings, p->domain) != NULL)
        component_host_send(ctx, p);
    else
        s2s_host_send(ctx, p);
}

const struct host_ops client_host_ops = {
    .send = host_send,
    .write = host_write,
    .close = host_close,
    .queued = host_queued,
    .pause = host_pause,
    .start_tls = host_start_tls,
    .binding = host_binding,
    .peer = host_peer,
    .logged_in = host_logged_in,
    .wake_at = host_wake_at,
    .move = host_move,
    .take = host_take,
    .drop = host_drop,
    .offload = host_offload,
    .post = host_post,
    .note_login = host_note_login,
    .note_registration = host_note_registration,
    .anchor = host_anchor,
    .remote = host_remote,
    .event = host_event,
    .log = host_log,
};
