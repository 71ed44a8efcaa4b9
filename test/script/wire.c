/* wire.c: connections of the world, seen from the engine (host operations) and from clients (transport).
 *
 * Bytes wait in both directions until the world runs, so that the engine is never entered from itself.
 */
#include <assert.h>
#include <string.h>

#include "server/session.h"
#include "test/script/world_state.h"

/* ---- For the engine -------------------------------------------------------------------------------- */

static void host_write(void *link, struct str text)
{
    struct wire *w = link;

    assert(!w->closing && !w->moving);
    if (!w->cut)
        buf_add(&w->to_client, text);
}

static void host_send(void *link, struct blob *b)
{
    host_write(link, blob_str(b));
    blob_unref(b);
}

static void host_close(void *link)
{
    ((struct wire *)link)->closing = true;
}

/* The client of a script reads at once. */
/* What a client that reads has not fetched yet is on its way, not in a queue. */
static size_t host_queued(void *link)
{
    const struct wire *w = link;

    return w->frozen ? w->to_client.n : 0;
}

static void host_pause(void *link, bool paused)
{
    ((struct wire *)link)->paused = paused;
}

static void host_start_tls(void *link)
{
    ((struct wire *)link)->wants_tls = true;
}

/* No TLS; a script may say what it would yield. */
static struct binding_data host_binding(void *link, struct arena *a)
{
    const struct world *w = ((struct wire *)link)->world;

    (void)a;
    return (struct binding_data){ bytes_of_str(w->exporter), bytes_of_str(w->end_point) };
}

/* Scripts name the places where clients are. */
static struct peer host_peer(void *link)
{
    return (struct peer){ .address = ((struct wire *)link)->address };
}

static void host_logged_in(void *link)
{
    (void)link;
}

static void host_note_login(void *ctx, struct login_note note)
{
    struct world *w = ((struct place *)ctx)->world;

    for (unsigned i = 0; i < w->options.homes; i++) {
        home_now(&w->places[i].home, w->now_ms);
        home_login_noted(&w->places[i].home, note);
    }
}

static void host_note_registration(void *ctx, uint64_t address)
{
    struct world *w = ((struct place *)ctx)->world;

    for (unsigned i = 0; i < w->options.homes; i++) {
        home_now(&w->places[i].home, w->now_ms);
        home_registration_noted(&w->places[i].home, address);
    }
}

static void host_wake_at(void *link, uint64_t at_ms)
{
    ((struct wire *)link)->wake_at_ms = at_ms;
}

static void host_move(void *link, unsigned home)
{
    struct wire *w = link;

    w->moving = true;
    w->move_to = home;
}

static void host_take(void *link, struct session *to)
{
    ((struct wire *)link)->session = to;
}

static void host_drop(void *link)
{
    struct wire *w = link;

    w->session = NULL;
    w->wake_at_ms = 0;
    w->ended = true;
}

static void host_offload(void *ctx, void (*work)(void *), void (*done)(void *), void *arg)
{
    struct place *p = ctx;
    struct chore *c = mem_alloc(sizeof *c);

    *c = (struct chore){ .work = work, .done = done, .arg = arg, .place = p };
    list_add(&p->world->chores, &c->link);
}

static void host_post(void *ctx, unsigned home, struct link *parcel)
{
    struct world *w = ((struct place *)ctx)->world;

    assert(home < w->options.homes);
    list_add(&w->places[home].parcels, parcel);
}

static void host_event(void *ctx, void *link, const struct event *event,
                       const struct event_traits *traits)
{
    (void)link;
    (void)traits;
    world_note_event(((struct place *)ctx)->world, event);
}

static void host_anchor(void *ctx, const struct anchor_order *order)
{
    world_anchor_order(((struct place *)ctx)->world, order);
}

static void host_remote(void *ctx, struct remote_parcel *p)
{
    world_remote_parcel(((struct place *)ctx)->world, p);
}

static void host_log(void *ctx, const char *event, struct str account, const char *key,
                     uint64_t value)
{
    (void)ctx;
    (void)event;
    (void)account;
    (void)key;
    (void)value;
}

const struct host_ops world_host_ops = {
    .send = host_send,
    .write = host_write,
    .close = host_close,
    .queued = host_queued,
    .pause = host_pause,
    .start_tls = host_start_tls,
    .binding = host_binding,
    .peer = host_peer,
    .logged_in = host_logged_in,
    .note_login = host_note_login,
    .note_registration = host_note_registration,
    .wake_at = host_wake_at,
    .move = host_move,
    .take = host_take,
    .drop = host_drop,
    .offload = host_offload,
    .post = host_post,
    .event = host_event,
    .anchor = host_anchor,
    .remote = host_remote,
    .log = host_log,
};

/* ---- What a connection has to do ------------------------------------------------------------------- */

static void enter(struct wire *w)
{
    home_now(&w->place->home, w->world->now_ms);
}

/* The engine hears of it last of all. */
static void end(struct wire *w)
{
    struct session *s = w->session;

    w->session = NULL;
    w->wake_at_ms = 0;
    w->closing = w->moving = w->wants_tls = false;
    w->ended = true;
    enter(w);
    session_gone(s);
}

static void depart(struct wire *w)
{
    assert(w->session->holds == 0);
    w->session->link = NULL;
    w->wake_at_ms = 0;
    w->place = &w->world->places[w->move_to];
    list_add(&w->place->arrivals, &w->in_place);
}

bool place_arrival(struct place *p)
{
    struct link *l = list_pop(&p->arrivals);
    struct wire *w;

    if (l == NULL)
        return false;
    w = LIST_ENTRY(l, struct wire, in_place);
    w->moving = false;
    w->paused = false;
    w->session->home = &p->home;
    w->session->link = w;
    enter(w);
    session_arrived(w->session, &p->home);
    return true;
}

/* What was written before the handshake is no TLS: a real handshake fails on it. */
static void secure(struct wire *w)
{
    w->wants_tls = false;
    if (w->to_server.n > 0) {
        end(w);
        return;
    }
    enter(w);
    session_secured(w->session);
}

static void drained(struct wire *w)
{
    w->filled = false;
    enter(w);
    session_drained(w->session);
}

static void hand_over(struct wire *w)
{
    struct buf in = w->to_server;
    size_t n = w->world->options.bytewise ? 1 : in.n;
    char *bytes = mem_alloc_raw(n); /* of its own size: reading past the end shows */

    memcpy(bytes, in.p, n);
    buf_consume(&w->to_server, n);
    enter(w);
    session_received(w->session, (struct str){ bytes, n });
    mem_free(bytes);
}

bool wire_step(struct wire *w)
{
    if (w->session == NULL || w->in_place.next != NULL)
        return false;
    if (w->moving)
        depart(w);
    else if (w->closing)
        end(w);
    else if (w->wants_tls)
        secure(w);
    else if (w->filled && !w->frozen)
        drained(w);
    else if (w->to_server.n > 0 && !w->paused)
        hand_over(w);
    else if (w->cut)
        end(w);
    else
        return false;
    return true;
}

void wire_wake(struct wire *w)
{
    w->wake_at_ms = 0;
    if (w->moving) /* it is on its way to a new deadline */
        return;
    enter(w);
    session_wake(w->session);
}

/* ---- For clients ----------------------------------------------------------------------------------- */

static void *wire_open(void *ctx, struct str address)
{
    struct world *world = ctx;
    struct wire *w = mem_alloc(sizeof *w);

    w->world = world;
    w->place = &world->places[world->accepted++ % world->options.homes];
    buf_init(&w->to_server, WIRE_LIMIT);
    buf_init(&w->to_client, WIRE_LIMIT);
    w->address = map_hash((const uint64_t[2]){ 0, 0 }, address);
    list_add(&world->wires, &w->in_world);
    enter(w);
    w->session = session_new(&w->place->home, w, false, STREAM_TCP);
    return w;
}

static void wire_secure(void *wire)
{
    struct wire *w = wire;

    if (w->session != NULL && !w->session->secure) {
        enter(w);
        session_secured(w->session);
    }
}

static void wire_write(void *wire, struct str bytes)
{
    struct wire *w = wire;

    if (!w->ended && !w->cut)
        buf_add(&w->to_server, bytes);
}

static bool wire_read(void *wire, struct buf *in)
{
    struct wire *w = wire;

    if (w->frozen)
        return true;
    buf_add(in, buf_str(&w->to_client));
    buf_reset(&w->to_client);
    return !w->ended;
}

/* What it wrote and nobody has read is lost with it. */
static void wire_cut(void *wire)
{
    struct wire *w = wire;

    w->cut = true;
    buf_reset(&w->to_server);
}

static void wire_freeze(void *wire, bool frozen)
{
    struct wire *w = wire;

    w->frozen = frozen;
    w->filled = true;
}

static bool wire_settle(void *ctx, void *wire)
{
    struct wire *w = wire;

    world_run(ctx);
    return !w->frozen && (w->to_client.n > 0 || w->ended);
}

const struct transport_ops world_transport_ops = {
    .open = wire_open,
    .secure = wire_secure,
    .write = wire_write,
    .read = wire_read,
    .freeze = wire_freeze,
    .cut = wire_cut,
    .settle = wire_settle,
};

void wires_free(struct world *w)
{
    for (struct link *l; (l = list_pop(&w->wires)) != NULL;) {
        struct wire *wire = LIST_ENTRY(l, struct wire, in_world);

        buf_deinit(&wire->to_server);
        buf_deinit(&wire->to_client);
        mem_free(wire);
    }
}
