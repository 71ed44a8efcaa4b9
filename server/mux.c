/* mux.c: connections of listen.mux until it is known what they are. */
#include "server/mux.h"

#include <unistd.h>

#include "io/peek.h"
#include "io/watch.h"
#include "server/anchor_link.h"
#include "server/client.h"
#include "server/event_log.h"
#include "server/mux_kind.h"
#include "server/turn_conn.h"
#include "server/web/web.h"

enum { MUX_DECIDE_MS = 5 * 1000 };

struct mux {
    struct link link; /* in worker->undecided */
    struct worker *worker;
    struct watch *watch;    /* of the bare socket, while nothing is read */
    struct visitor visitor; /* its socket -1: it is the connection's */
    struct conn *conn;      /* inside of TLS */
    struct timer *deadline;
    struct peer peer;
    size_t seen;  /* octets */
    bool counted; /* by the doorkeeper */
};

static void free_mux(struct mux *m)
{
    struct worker *w = m->worker;

    if (m->counted)
        doorkeeper_leave(&w->doorkeeper, m->peer, false);
    watch_free(m->watch);
    timer_free(m->deadline);
    if (m->visitor.fd >= 0)
        close(m->visitor.fd);
    list_remove(&m->link);
    mem_free(m);
    worker_end_if_empty(w);
}

/* ---- What it is ------------------------------------------------------------------------------------- */

/* It is another file's from now on, counted as it is. */
static void hand_over(struct mux *m, enum mux_kind kind, struct str early)
{
    struct worker *w = m->worker;
    struct conn *conn = m->conn;

    m->counted = false;
    free_mux(m);
    if (kind == MUX_HTTP)
        web_take(w->web, conn, early);
    else if (kind == MUX_TURN)
        turn_take(w, conn, early);
    else
        client_take(w, conn, conn_is_tls(conn) ? TRANSPORT_TLS : TRANSPORT_STARTTLS, early);
}

static bool is_served(enum mux_kind kind)
{
    return kind == MUX_XMPP || kind == MUX_HTTP || kind == MUX_TURN;
}

static void on_secured(void *ctx)
{
    struct mux *m = ctx;
    enum mux_kind kind = mux_kind_of_alpn(conn_alpn(m->conn));

    if (is_served(kind))
        hand_over(m, kind, STR_NONE);
}

/* Without ALPN, as old clients come: what they say first tells. Nobody sends less than this at first. */
static void on_received(void *ctx, struct str bytes)
{
    struct mux *m = ctx;
    enum mux_kind kind = mux_kind_of(bytes_of_str(bytes), true);

    if (is_served(kind))
        hand_over(m, kind, bytes);
    else
        conn_abort(m->conn);
}

static void on_closed(void *ctx, enum err why)
{
    (void)why;
    free_mux(ctx);
}

static const struct conn_handlers handlers = {
    .received = on_received,
    .secured = on_secured,
    .closed = on_closed,
};

/* The socket becomes a connection, from which nothing was read. */
static void take_up(struct mux *m, enum mux_kind kind)
{
    watch_free(m->watch);
    m->watch = NULL;
    m->conn = conn_admit(m->worker->loop, &m->visitor, &handlers, m);
    m->visitor.fd = -1;
    if (m->conn == NULL)
        free_mux(m);
    else if (kind == MUX_TLS)
        conn_start_tls(m->conn, m->worker->tls.mux);
    else
        hand_over(m, kind, STR_NONE);
}

/* Nothing of it was read, so the anchor has it whole; there it is counted anew. */
static void pass_on(struct mux *m)
{
    struct stun_address peer = stun_address_of(m->visitor.from.ip, m->visitor.from.port);
    int fd = m->visitor.fd;

    m->visitor.fd = -1;
    watch_free(m->watch);
    m->watch = NULL;
    anchor_link_pass(m->worker->group->anchor, fd, &peer, 0);
    free_mux(m);
}

/* ---- The bare socket -------------------------------------------------------------------------------- */

/* The kernel wakes us again only when there is more than this. */
static void wait_for_more(struct mux *m, size_t seen)
{
    m->seen = seen;
    peek_wake_at(m->visitor.fd, seen + 1);
}

static void on_socket(void *ctx, bool readable, bool writable)
{
    struct mux *m = ctx;
    uint8_t first[MUX_FIRST];
    int n = peek_at(m->visitor.fd, first, sizeof first);
    enum mux_kind kind;

    (void)readable;
    (void)writable;
    if (n < 0)
        return;
    kind = n > 0 ? mux_kind_of(bytes_of(first, (size_t)n), false) : MUX_UNKNOWN;
    if (kind == MUX_MORE && (size_t)n > m->seen) {
        wait_for_more(m, (size_t)n);
        return;
    }
    wait_for_more(m, 0);
    if (kind == MUX_TLS || kind == MUX_XMPP)
        take_up(m, kind);
    else if (kind == MUX_MEDIA)
        pass_on(m);
    else
        free_mux(m); /* nothing that we know, or nothing more will come */
}

static void too_late(void *ctx)
{
    struct mux *m = ctx;

    if (m->conn != NULL)
        conn_abort(m->conn);
    else
        free_mux(m);
}

/* ---- Life ------------------------------------------------------------------------------------------- */

static void tell_crowded(struct worker *w, const struct peer_address *from)
{
    count(&w->home.counters, COUNTER_EVENTS + EVENT_CONNECTIONS);
    event_log_tell(w->group->events, EVENT(EVENT_CONNECTIONS),
                   &(struct event_source){ .ip = from->ip, .transport = "mux" });
}

void mux_accept(struct worker *w, const struct visitor *v)
{
    struct mux *m = mem_alloc(sizeof *m);

    worker_enter(w);
    m->worker = w;
    m->visitor = *v;
    list_add(&w->undecided, &m->link);
    m->peer = doorkeeper_peer(&w->doorkeeper, v->from.ip);
    m->counted = doorkeeper_admit(&w->doorkeeper, m->peer, w->home.now_ms);
    if (!m->counted) {
        tell_crowded(w, &v->from);
        free_mux(m);
        return;
    }
    m->deadline = timer_new(w->loop, too_late, m);
    timer_start(m->deadline, MUX_DECIDE_MS);
    m->watch = watch_new(w->loop, v->fd, on_socket, m);
    if (m->watch != NULL)
        watch_set(m->watch, true, false);
    else
        free_mux(m);
}

void mux_drain(struct worker *w)
{
    LIST_EACH (&w->undecided, l)
        too_late(LIST_ENTRY(l, struct mux, link));
}

void mux_free(struct worker *w)
{
    LIST_EACH (&w->undecided, l)
        free_mux(LIST_ENTRY(l, struct mux, link));
}
