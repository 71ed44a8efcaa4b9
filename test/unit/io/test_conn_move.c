/* test_conn_move.c: connections change loops in the middle of a conversation; every byte arrives once, in order.
 *
 * Two loops echo; after some deliveries a connection leaves for the other loop, with unread input on it, in the
 * clear and in TLS, from inside `received` and from outside of it.
 */
#include "net.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    CLIENTS = 4,
    EACH = 50,     /* connections of one client thread */
    TOTAL = 40000, /* bytes through one connection */
    AHEAD = 8000,  /* sent before the echo is read */
};

struct node {
    struct worker worker;
    struct inbox *arrivals;
    struct node *other;
};

struct hall {
    struct node nodes[2];
    struct identity identity;
    struct tls_context *tls;
    struct listener *listener;
    uint16_t port;
    _Atomic(unsigned) accepted, moves, closed;
};

struct guest {
    struct link link;
    struct hall *hall;
    struct node *at;
    struct conn *conn;
    struct conn_parcel parcel;
    unsigned number, deliveries;
    bool leaving;
};

static void leave(struct guest *g)
{
    g->leaving = false;
    if (!conn_detach(g->conn, &g->parcel))
        return; /* the client has hung up */
    g->conn = NULL;
    atomic_fetch_add(&g->hall->moves, 1);
    inbox_post(g->at->other->arrivals, &g->link);
}

/* Even guests leave from inside this call, odd ones when their output has gone. */
static void on_received(void *ctx, struct str bytes)
{
    struct guest *g = ctx;

    conn_write(g->conn, bytes);
    if (++g->deliveries % 3 != 0 || (conn_is_tls(g->conn) && conn_tls_version(g->conn).n == 0))
        return;
    if (g->number % 2 == 0) {
        conn_flush(g->conn);
        if (conn_queued(g->conn) == 0)
            leave(g);
    } else {
        g->leaving = true;
    }
}

static void on_drained(void *ctx)
{
    struct guest *g = ctx;

    if (g->leaving)
        leave(g);
}

static void on_closed(void *ctx, enum err why)
{
    struct guest *g = ctx;

    assert_int_equal(why, ERR_NONE);
    atomic_fetch_add(&g->hall->closed, 1);
    mem_free(g);
}

static const struct conn_handlers handlers = { .received = on_received,
                                               .drained = on_drained,
                                               .closed = on_closed };

static void on_arrivals(void *ctx, struct list *items)
{
    struct node *n = ctx;
    struct link *item;

    while ((item = list_pop(items)) != NULL) {
        struct guest *g = LIST_ENTRY(item, struct guest, link);

        g->at = n;
        g->conn = conn_adopt(n->worker.loop, &g->parcel, &handlers, g);
        assert_non_null(g->conn);
        assert_int_equal(g->parcel.fd, -1);
    }
}

/* The first byte of a connection says whether TLS follows. */
static void on_first_byte(void *ctx, struct str bytes)
{
    struct guest *g = ctx;

    conn_handlers(g->conn, &handlers, g);
    conn_write(g->conn, str_slice(bytes, 0, 1));
    if (bytes.p[0] == 'T')
        conn_start_tls(g->conn, g->hall->tls);
}

static const struct conn_handlers first_handlers = { .received = on_first_byte,
                                                     .closed = on_closed };

static void on_accepted(void *ctx, int fd)
{
    struct hall *h = ctx;
    struct guest *g = mem_alloc(sizeof *g);

    g->hall = h;
    g->at = &h->nodes[0];
    g->number = atomic_fetch_add(&h->accepted, 1);
    g->conn = conn_accept(g->at->worker.loop, fd, &first_handlers, g);
}

static void hall_open(void *ctx)
{
    struct hall *h = ctx;
    struct arena a = { 0 };
    struct str why;
    int fd;

    assert_int_equal(listen_bind(STR("127.0.0.1:0"), 1, &fd, &h->port, &why, &a), ERR_NONE);
    h->listener = listener_new(h->nodes[0].worker.loop, fd, on_accepted, h);
    arena_deinit(&a);
}

static void hall_shut(void *ctx)
{
    listener_free(((struct hall *)ctx)->listener);
}

/* ---- The other side ------------------------------------------------------------------------------ */

struct chat {
    struct peer peer;
    size_t sent, got;
};

static void step(struct chat *c)
{
    char out[AHEAD], in[AHEAD];
    size_t n = 1 + (size_t)rand() % 2000;

    while (c->sent < TOTAL && c->sent - c->got < AHEAD) {
        n = n < TOTAL - c->sent ? n : TOTAL - c->sent;
        pattern(out, n, c->sent);
        peer_write(&c->peer, (struct str){ out, n });
        c->sent += n;
    }
    n = peer_read_some(&c->peer, in, sizeof in);
    assert_true(n > 0);
    assert_true(is_pattern(in, n, c->got));
    c->got += n;
}

static void *client(void *ctx)
{
    struct hall *h = ctx;
    struct chat chats[EACH] = { 0 };
    char first;

    for (int i = 0; i < EACH; i++) {
        struct peer *p = &chats[i].peer;

        peer_connect(p, h->port);
        peer_write(p, i % 2 ? STR("T") : STR("C"));
        peer_read(p, &first, 1);
        if (i % 2)
            assert_true(peer_secure(p, NULL));
    }
    for (bool busy = true; busy;) {
        busy = false;
        for (int i = 0; i < EACH; i++) {
            if (chats[i].got == TOTAL)
                continue;
            step(&chats[i]);
            busy = true;
        }
    }
    for (int i = 0; i < EACH; i++)
        peer_close(&chats[i].peer);
    return NULL;
}

static bool all_closed(void *ctx)
{
    return atomic_load(&((struct hall *)ctx)->closed) == CLIENTS * EACH;
}

static void hall_init(struct hall *h)
{
    identity_make(&h->identity);
    h->tls = identity_context(&h->identity, "");
    for (int i = 0; i < 2; i++) {
        struct node *n = &h->nodes[i];

        n->other = &h->nodes[!i];
        worker_start(&n->worker);
    }
}

static void open_arrivals(void *ctx)
{
    struct node *n = ctx;

    n->arrivals = inbox_new(n->worker.loop, on_arrivals, n);
}

static void shut_arrivals(void *ctx)
{
    inbox_free(((struct node *)ctx)->arrivals);
}

static void test_moves(void **state)
{
    struct hall *h = mem_alloc(sizeof *h);
    pthread_t threads[CLIENTS];

    (void)state;
    hall_init(h);
    for (int i = 0; i < 2; i++)
        worker_call(&h->nodes[i].worker, open_arrivals, &h->nodes[i]);
    worker_call(&h->nodes[0].worker, hall_open, h);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, client, h), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    worker_await(&h->nodes[0].worker, all_closed, h);
    worker_call(&h->nodes[0].worker, hall_shut, h);
    for (int i = 0; i < 2; i++)
        worker_call(&h->nodes[i].worker, shut_arrivals, &h->nodes[i]);
    for (int i = 0; i < 2; i++)
        worker_stop(&h->nodes[i].worker);
    assert_true(atomic_load(&h->moves) > CLIENTS * EACH);
    tls_context_unref(h->tls);
    identity_remove(&h->identity);
    mem_free(h);
}

/* ---- Unread input ------------------------------------------------------------------------------- */

enum { RECORDS = 50 };

static void echo(void *ctx, struct str bytes)
{
    conn_write(((struct guest *)ctx)->conn, bytes);
}

static const struct conn_handlers echo_handlers = { .received = echo, .closed = on_closed };

/* Leaves at the first record, with the others read but not opened, and comes back to the same loop. */
static void on_first_record(void *ctx, struct str bytes)
{
    struct guest *g = ctx;

    g->deliveries++;
    assert_int_equal(bytes.n, 10);
    assert_true(conn_detach(g->conn, &g->parcel));
    assert_true(g->parcel.unread.n > (RECORDS - 1) * 10);
    assert_true(str_eq(bytes, STR("0123456789"))); /* still valid */
    g->conn = conn_adopt(g->at->worker.loop, &g->parcel, &echo_handlers, g);
}

static const struct conn_handlers one_record_handlers = { .received = on_first_record,
                                                          .closed = on_closed };

static void pause_for_guest(struct subject *s)
{
    struct guest *g = s->more;

    conn_pause(s->conn, true);
    conn_handlers(s->conn, &one_record_handlers, g);
    g->conn = s->conn;
}

static void resume_guest(struct subject *s)
{
    conn_pause(((struct guest *)s->more)->conn, false);
}

static bool is_secured(void *ctx)
{
    return ((struct subject *)ctx)->secured > 0;
}

static void close_guest(struct subject *s)
{
    conn_abort(((struct guest *)s->more)->conn);
}

static bool guest_closed(void *ctx)
{
    return atomic_load(&((struct hall *)ctx)->closed) == 1;
}

static void test_unread_moves(void **state)
{
    struct hall *h = mem_alloc(sizeof *h);
    struct guest *g = mem_alloc(sizeof *g);
    struct subject s;
    char in[10];

    (void)state;
    identity_make(&h->identity);
    h->tls = identity_context(&h->identity, "");
    subject_open(&s, h->tls);
    assert_true(peer_secure(&s.peer, NULL));
    worker_await(&s.worker, is_secured, &s);
    g->hall = h;
    g->at = &h->nodes[0];
    g->at->worker = s.worker;
    s.more = g;
    subject_do(&s, pause_for_guest);
    peer_hold(&s.peer);
    for (int i = 0; i < RECORDS; i++)
        peer_write(&s.peer, STR("0123456789"));
    peer_release(&s.peer, SIZE_MAX);
    subject_do(&s, resume_guest);
    for (int i = 0; i < RECORDS - 1; i++) { /* the first one was not echoed */
        peer_read(&s.peer, in, sizeof in);
        assert_memory_equal(in, "0123456789", 10);
    }
    subject_do(&s, close_guest);
    worker_await(&s.worker, guest_closed, h);
    s.conn = NULL;
    s.closed = 1;
    subject_shut(&s);
    tls_context_unref(h->tls);
    identity_remove(&h->identity);
    mem_free(h);
}

/* ---- Parcels that nobody adopts ------------------------------------------------------------------ */

static void detach_and_drop(struct subject *s)
{
    struct conn_parcel p;

    assert_true(conn_detach(s->conn, &p));
    assert_true(p.fd >= 0);
    conn_parcel_drop(&p);
    conn_parcel_drop(&p);
    s->conn = NULL;
    s->closed = 1; /* `closed` must not add to it */
}

static void test_parcel_dropped(void **state)
{
    struct subject s;

    (void)state;
    subject_open(&s, NULL);
    subject_do(&s, detach_and_drop);
    assert_true(peer_ended(&s.peer));
    subject_shut(&s);
}

static void detach_closing(struct subject *s)
{
    struct conn_parcel p;

    conn_close(s->conn);
    assert_false(conn_detach(s->conn, &p));
    conn_abort(s->conn);
    assert_false(conn_detach(s->conn, &p));
}

static void test_closing_does_not_move(void **state)
{
    struct subject s;

    (void)state;
    subject_open(&s, NULL);
    subject_do(&s, detach_closing);
    subject_await_closed(&s, ERR_NONE);
    subject_shut(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_unread_moves),
        cmocka_unit_test(test_parcel_dropped),
        cmocka_unit_test(test_closing_does_not_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
