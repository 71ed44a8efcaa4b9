/* test_conn_echo.c: bytes go through a connection unchanged, in the clear and in TLS, whatever their pieces. */
#include "net.h"

#include <string.h>

enum { TOTAL = 300000 };

struct server {
    struct worker worker;
    struct identity identity;
    struct tls_context *tls;
    struct listener *listener;
    uint16_t port;
    enum { CLEAR, DIRECT, START_TLS } mode;
};

/* One accepted connection: echoes; in START_TLS mode a first byte 'T' asks for TLS. */
struct echo {
    struct server *server;
    struct conn *conn;
};

static void echo_received(void *ctx, struct str bytes)
{
    struct echo *e = ctx;

    if (e->server->mode == START_TLS && !conn_is_tls(e->conn)) {
        conn_write(e->conn, STR("proceed"));
        conn_start_tls(e->conn, e->server->tls);
        return;
    }
    conn_write(e->conn, bytes);
}

static void echo_closed(void *ctx, enum err why)
{
    (void)why;
    mem_free(ctx);
}

static const struct conn_handlers echo_handlers = { .received = echo_received,
                                                    .closed = echo_closed };

static void echo_accepted(void *ctx, int fd)
{
    struct echo *e = mem_alloc(sizeof *e);

    e->server = ctx;
    e->conn = conn_accept(e->server->worker.loop, fd, &echo_handlers, e);
    if (e->server->mode == DIRECT)
        conn_start_tls(e->conn, e->server->tls);
}

static void listen_here(void *ctx)
{
    struct server *s = ctx;
    struct arena a = { 0 };
    struct str why;
    int fd;

    assert_int_equal(listen_bind(STR("127.0.0.1:0"), 1, &fd, &s->port, &why, &a), ERR_NONE);
    s->listener = listener_new(s->worker.loop, fd, echo_accepted, s);
    arena_deinit(&a);
}

static void listen_no_more(void *ctx)
{
    listener_free(((struct server *)ctx)->listener);
}

static int setup(void **state)
{
    struct server *s = mem_alloc(sizeof *s);

    identity_make(&s->identity);
    s->tls = identity_context(&s->identity, "");
    worker_start(&s->worker);
    worker_call(&s->worker, listen_here, s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct server *s = *state;

    worker_call(&s->worker, listen_no_more, s);
    worker_stop(&s->worker);
    tls_context_unref(s->tls);
    identity_remove(&s->identity);
    mem_free(s);
    return 0;
}

/* ---- Cases -------------------------------------------------------------------------------------- */

static void exchange(struct peer *p, size_t piece)
{
    static char out[70000], in[70000];
    size_t total = piece < 100 ? 2000 : TOTAL;

    for (size_t at = 0; at < total; at += piece) {
        pattern(out, piece, at);
        peer_write(p, (struct str){ out, piece });
        peer_read(p, in, piece);
        assert_true(is_pattern(in, piece, at));
    }
}

static void open_peer(struct server *s, struct peer *p)
{
    char proceed[7];

    peer_connect(p, s->port);
    if (s->mode == START_TLS) {
        peer_write(p, STR("T"));
        peer_read(p, proceed, sizeof proceed);
        assert_memory_equal(proceed, "proceed", 7);
    }
    if (s->mode != CLEAR)
        assert_true(peer_secure(p, NULL));
}

static void test_pieces(void **state)
{
    static const size_t pieces[] = { 1, 2, 7, 100, 900, 4095, 16383, 16384, 16385, 65535, 65537 };
    struct server *s = *state;

    for (int mode = CLEAR; mode <= START_TLS; mode++) {
        struct peer p;

        s->mode = mode;
        open_peer(s, &p);
        for (size_t i = 0; i < COUNT_OF(pieces); i++)
            exchange(&p, pieces[i]);
        peer_close(&p);
    }
}

/* TLS records cut at every size on the wire, and several in one write. */
static void test_records_cut(void **state)
{
    static const size_t cuts[] = { 1, 2, 5, 6, 21, 22, 100, 1000, 17000 };
    struct server *s = *state;
    static char out[40000], in[40000];

    s->mode = DIRECT;
    pattern(out, sizeof out, 0);
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct peer p;

        open_peer(s, &p);
        peer_hold(&p);
        for (size_t at = 0; at < sizeof out; at += 1000)
            peer_write(&p, (struct str){ out + at, 1000 });
        peer_release(&p, cuts[i]);
        peer_read(&p, in, sizeof in);
        assert_true(is_pattern(in, sizeof in, 0));
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_records_cut),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
