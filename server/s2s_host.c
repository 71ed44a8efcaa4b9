/* s2s_host.c: see s2s_host.h. */
#include "server/s2s_host.h"

#include <string.h>
#include <unistd.h>

#include "io/connect.h"
#include "server/s2s.h"

enum { KEEPER = 0 /* the worker that has all links */ };

struct s2s_host {
    struct worker *worker;
    struct list links, ways;
    bool draining;
};

/* A connection, theirs or ours: what streams call a link. */
struct s2s_link {
    struct link in_host;
    struct s2s_host *host;
    struct conn *conn;
    struct timer *wake;
    struct s2s_in *in; /* theirs, once TLS is up */
    struct s2s *out;   /* ours; NULL */
    bool opened;       /* ours is known to the engine */
    struct peer peer;
    bool counted, stranger; /* by the doorkeeper */
};

/* The way to a domain. */
struct s2s_way {
    struct link in_host;
    struct s2s_host *host;
    struct s2s *s2s;
    struct connect *connect; /* while it is looked for */
    struct timer *retry;
    struct str address; /* "tls://HOST:PORT"; owned */
    bool quiet;         /* that it cannot be reached was said */
};

static void enter(const struct s2s_host *h)
{
    worker_enter(h->worker);
}

/* ---- What streams ask of a link ------------------------------------------------------------------------ */

static void link_write(void *link, struct str text)
{
    conn_write(((struct s2s_link *)link)->conn, text);
}

static void link_send(void *link, struct blob *b)
{
    conn_send(((struct s2s_link *)link)->conn, b);
}

static size_t link_queued(void *link)
{
    return conn_queued(((struct s2s_link *)link)->conn);
}

static void link_pause(void *link, bool paused)
{
    conn_pause(((struct s2s_link *)link)->conn, paused);
}

static void link_close(void *link)
{
    conn_close(((struct s2s_link *)link)->conn);
}

static void start_at(struct s2s_host *h, struct timer *t, uint64_t at_ms)
{
    uint64_t now = h->worker->home.now_ms;

    if (at_ms == 0)
        timer_stop(t);
    else
        timer_start(t, at_ms > now ? at_ms - now : 0);
}

static void link_wake_at(void *link, uint64_t at_ms)
{
    struct s2s_link *l = link;

    start_at(l->host, l->wake, at_ms);
}

/* ---- Connections ------------------------------------------------------------------------------------- */

static void tell(struct s2s_host *h, const struct s2s_link *l, enum event_reason reason,
                 const char *rule)
{
    home_event(
        &h->worker->home, NULL,
        EVENT(reason, .rule = rule, .actor = l->out != NULL ? l->out->pin->domain : STR_NONE));
}

static void link_received(void *ctx, struct str bytes)
{
    struct s2s_link *l = ctx;

    enter(l->host);
    if (l->in != NULL)
        s2s_in_received(l->in, bytes);
    else if (l->opened)
        s2s_out_received(l->out, bytes);
}

static const struct s2s_ops ops;

static void link_secured(void *ctx)
{
    struct s2s_link *l = ctx;
    struct s2s_host *h = l->host;
    uint8_t certificate[32];

    enter(h);
    if (!conn_peer_certificate(l->conn, certificate)) {
        conn_abort(l->conn);
    } else if (l->out == NULL) {
        if (l->stranger)
            doorkeeper_login(&h->worker->doorkeeper, l->peer);
        l->stranger = false;
        l->in = s2s_in_new(&h->worker->home, &ops, l, certificate);
    } else if (memcmp(certificate, l->out->pin->sha256, sizeof certificate) != 0) {
        tell(h, l, EVENT_REMOTE_CERTIFICATE, "another");
        conn_abort(l->conn);
    } else {
        ((struct s2s_way *)l->out->ctx)->quiet = false;
        l->opened = true;
        s2s_out_opened(l->out, l);
    }
}

static void link_drained(void *ctx)
{
    struct s2s_link *l = ctx;

    enter(l->host);
    if (l->opened)
        s2s_out_drained(l->out);
}

static void link_free(struct s2s_link *l)
{
    struct worker *w = l->host->worker;

    if (l->counted)
        doorkeeper_leave(&w->doorkeeper, l->peer, l->stranger);
    list_remove(&l->in_host);
    timer_free(l->wake);
    mem_free(l);
    worker_end_if_empty(w);
}

static void unreachable(struct s2s_way *way, struct str why)
{
    const struct worker *w = way->host->worker;

    if (!way->quiet)
        LOG(w->group->boot->log, WARN, "s2s.unreachable", log_text("domain", way->s2s->pin->domain),
            log_text("why", why));
    way->quiet = true;
}

static void link_closed(void *ctx, enum err why)
{
    struct s2s_link *l = ctx;
    struct s2s_host *h = l->host;

    enter(h);
    if (why == ERR_DENIED || (l->out == NULL && l->in == NULL && why == ERR_MALFORMED))
        tell(h, l, EVENT_REMOTE_CERTIFICATE, "unknown");
    if (l->in != NULL)
        s2s_in_gone(l->in);
    if (l->out != NULL) {
        if (!l->opened)
            unreachable(l->out->ctx, STR("its certificate is not the one of s2s.pin, or no TLS"));
        s2s_out_gone(l->out);
    }
    link_free(l);
}

static const struct conn_handlers handlers = {
    .received = link_received,
    .secured = link_secured,
    .drained = link_drained,
    .closed = link_closed,
};

/* Theirs: the stream's deadline, or, before there is one, that of TLS. */
static void link_woken(void *ctx)
{
    struct s2s_link *l = ctx;

    enter(l->host);
    if (l->in != NULL)
        s2s_in_wake(l->in);
    else if (!l->opened)
        conn_abort(l->conn);
}

/* NULL: the system has no room for it. */
static struct s2s_link *link_new(struct s2s_host *h, const struct visitor *v)
{
    struct s2s_link *l = mem_alloc(sizeof *l);

    l->host = h;
    l->conn = conn_admit(h->worker->loop, v, &handlers, l);
    if (l->conn == NULL) {
        mem_free(l);
        return NULL;
    }
    l->wake = timer_new(h->worker->loop, link_woken, l);
    list_add(&h->links, &l->in_host);
    link_wake_at(l, h->worker->home.now_ms + (uint64_t)h->worker->home.settings->login_s * 1000);
    return l;
}

static void accept_here(struct s2s_host *h, const struct visitor *v)
{
    struct worker *w = h->worker;
    struct doorkeeper *d = &w->doorkeeper;
    struct s2s_link *l;

    if (w->tls.s2s == NULL || h->draining) {
        close(v->fd);
        return;
    }
    l = link_new(h, v);
    if (l == NULL)
        return;
    l->peer = doorkeeper_peer(d, conn_peer(l->conn).ip);
    l->counted = doorkeeper_admit(d, l->peer, w->home.now_ms);
    l->stranger = l->counted && doorkeeper_admit_stranger(d, l->peer);
    if (!l->stranger) {
        tell(h, l, EVENT_CONNECTIONS, "s2s");
        conn_abort(l->conn);
        return;
    }
    conn_start_tls(l->conn, w->tls.s2s);
}

/* ---- Ways -------------------------------------------------------------------------------------------- */

static void end_search(struct s2s_way *way)
{
    connect_free(way->connect);
    way->connect = NULL;
}

static void way_failed(void *ctx, struct str why)
{
    struct s2s_way *way = ctx;

    enter(way->host);
    unreachable(way, why);
    end_search(way);
    s2s_out_gone(way->s2s);
}

static void way_found(void *ctx, int fd, bool tls)
{
    struct s2s_way *way = ctx;
    struct s2s_host *h = way->host;
    struct visitor v = visitor_of(fd);
    struct s2s_link *l;

    (void)tls; /* always */
    enter(h);
    end_search(way);
    l = h->draining || h->worker->tls.s2s == NULL ? NULL : link_new(h, &v);
    if (l == NULL) {
        s2s_out_gone(way->s2s);
        return;
    }
    l->out = way->s2s;
    conn_start_tls_client(l->conn, h->worker->tls.s2s, way->s2s->pin->domain);
}

static const struct connect_handlers search = { .connected = way_found, .failed = way_failed };

static void way_connect(struct s2s *s)
{
    struct s2s_way *way = s->ctx;

    way->connect = connect_new(way->host->worker->loop,
                               &(struct connect_to){ .address = way->address }, &search, way);
}

static void way_retry_at(struct s2s *s, uint64_t at_ms)
{
    struct s2s_way *way = s->ctx;

    if (!way->host->draining)
        start_at(way->host, way->retry, at_ms);
}

static void way_retry(void *ctx)
{
    struct s2s_way *way = ctx;

    enter(way->host);
    s2s_wake(way->s2s);
}

static const struct s2s_ops ops = {
    .write = link_write,
    .send = link_send,
    .queued = link_queued,
    .pause = link_pause,
    .close = link_close,
    .wake_at = link_wake_at,
    .connect = way_connect,
    .retry_at = way_retry_at,
};

static void way_new(struct s2s_host *h, const struct remote_pin *pin)
{
    struct s2s_way *way = mem_alloc(sizeof *way + pin->address.n + 6);
    char *text = (char *)(way + 1);

    memcpy(text, "tls://", 6);
    memcpy(text + 6, pin->address.p, pin->address.n);
    way->host = h;
    way->address = (struct str){ text, pin->address.n + 6 };
    way->retry = timer_new(h->worker->loop, way_retry, way);
    way->s2s = s2s_new(&h->worker->home, pin, &ops, way);
    list_add(&h->ways, &way->in_host);
}

/* ---- Orders ------------------------------------------------------------------------------------------ */

void s2s_host_accept(struct worker *any, const struct visitor *v)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_S2S_ACCEPT;
    o->visitor = *v;
    worker_post(any->group->workers[KEEPER], o);
}

void s2s_host_send(struct worker *any, struct remote_parcel *p)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = ORDER_S2S_SEND;
    o->remote = p;
    worker_post(any->group->workers[KEEPER], o);
}

void s2s_host_order(struct worker *w, struct worker_order *o)
{
    struct s2s *s;

    if (o->kind == ORDER_S2S_ACCEPT) {
        if (w->s2s != NULL)
            accept_here(w->s2s, &o->visitor);
        else
            close(o->visitor.fd);
        return;
    }
    s = s2s_find(&w->home, o->remote->domain);
    if (s != NULL)
        s2s_add(s, o->remote);
    else
        remote_bounce(&w->home, o->remote, COND_REMOTE_SERVER_NOT_FOUND);
}

/* ---- Life -------------------------------------------------------------------------------------------- */

struct s2s_host *s2s_host_new(struct worker *w)
{
    const struct settings *settings = w->group->settings;
    struct s2s_host *h;

    if (w->number != KEEPER || settings->pin_count == 0)
        return NULL;
    h = mem_alloc(sizeof *h);
    h->worker = w;
    list_init(&h->links);
    list_init(&h->ways);
    for (size_t i = 0; i < settings->pin_count; i++)
        way_new(h, &settings->pins[i]);
    return h;
}

void s2s_host_start(struct worker *w)
{
    if (w->number != KEEPER)
        return;
    worker_enter(w);
    s2s_load(&w->home);
}

bool s2s_host_idle(const struct s2s_host *h)
{
    return h == NULL || list_empty(&h->links);
}

void s2s_host_shut_down(struct s2s_host *h)
{
    if (h == NULL)
        return;
    h->draining = true;
    LIST_EACH (&h->ways, l) {
        struct s2s_way *way = LIST_ENTRY(l, struct s2s_way, in_host);

        timer_stop(way->retry);
        end_search(way);
        s2s_shutdown(way->s2s);
    }
    LIST_EACH (&h->links, l) {
        struct s2s_link *link = LIST_ENTRY(l, struct s2s_link, in_host);

        if (link->in == NULL && !link->opened)
            conn_abort(link->conn);
    }
}

void s2s_host_free(struct s2s_host *h)
{
    if (h == NULL)
        return;
    LIST_EACH (&h->links, l) {
        struct s2s_link *link = LIST_ENTRY(l, struct s2s_link, in_host);

        if (link->in != NULL)
            s2s_in_gone(link->in);
        link_free(link);
    }
    LIST_EACH (&h->ways, l) {
        struct s2s_way *way = LIST_ENTRY(l, struct s2s_way, in_host);

        end_search(way);
        timer_free(way->retry);
        s2s_free(way->s2s);
        mem_free(way);
    }
    mem_free(h);
}
