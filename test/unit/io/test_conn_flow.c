/* test_conn_flow.c: pausing, slow readers, ends of all kinds, and calls from inside callbacks; each in the clear
 * and in TLS.
 */
#include "net.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

enum { BLOB = 64 * 1024, BACKLOG_BLOBS = 64 };

struct fixture {
    struct identity identity;
    struct tls_context *tls;
};

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);

    identity_make(&f->identity);
    f->tls = identity_context(&f->identity, "");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    tls_context_unref(f->tls);
    identity_remove(&f->identity);
    mem_free(f);
    return 0;
}

static void subject_begin(struct subject *s, struct fixture *f, bool tls)
{
    subject_open(s, tls ? f->tls : NULL);
    if (tls)
        assert_true(peer_secure(&s->peer, NULL));
}

/* Each case below runs twice. */
#define BOTH(name)                                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        for (int tls = 0; tls < 2; tls++) {                                                        \
            struct subject s;                                                                      \
                                                                                                   \
            subject_begin(&s, *state, tls);                                                        \
            name##_case(&s);                                                                       \
            subject_shut(&s);                                                                      \
        }                                                                                          \
    }

static void write_pattern(struct peer *p, size_t n)
{
    char *text = mem_alloc(n);

    pattern(text, n, 0);
    peer_write(p, (struct str){ text, n });
    mem_free(text);
}

/* ---- Pausing ------------------------------------------------------------------------------------ */

static void pause_reading(struct subject *s)
{
    conn_pause(s->conn, true);
}

static void resume_reading(struct subject *s)
{
    conn_pause(s->conn, false);
}

static void pause_on_receipt(struct subject *s, struct str bytes)
{
    buf_add(&s->got, bytes);
    conn_pause(s->conn, true);
}

static bool is_secured(void *ctx)
{
    return ((struct subject *)ctx)->secured > 0;
}

static bool has_one_more_call(void *ctx)
{
    struct subject *s = ctx;

    return s->calls == *(unsigned *)s->more + 1;
}

/* Pauses after every single delivery; nothing is lost, doubled or reordered. */
static void test_pause_case(struct subject *s)
{
    enum { TOTAL = 200000 };
    unsigned seen = 0;
    size_t got;

    s->on_received = pause_on_receipt;
    s->more = &seen;
    write_pattern(&s->peer, TOTAL);
    do {
        worker_await(&s->worker, has_one_more_call, s); /* then it rests until we go on */
        seen++;
        got = s->got.n;
        subject_do(s, resume_reading);
    } while (got < TOTAL);
    assert_int_equal(s->got.n, TOTAL);
    assert_true(is_pattern(s->got.p, s->got.n, 0));
}
BOTH(test_pause)

static void nothing(struct subject *s)
{
    (void)s;
}

static void test_pause_before_data_case(struct subject *s)
{
    if (s->peer.ssl != NULL)
        worker_await(&s->worker, is_secured, s);
    subject_do(s, pause_reading);
    write_pattern(&s->peer, 5000);
    for (int round = 0; round < 20; round++)
        subject_do(s, nothing);
    assert_int_equal(s->got.n, 0);
    subject_do(s, resume_reading);
    subject_await_got(s, 5000);
    assert_true(is_pattern(s->got.p, 5000, 0));
}
BOTH(test_pause_before_data)

/* The end of the stream waits behind paused data. */
static void test_pause_then_end_case(struct subject *s)
{
    s->on_received = pause_on_receipt;
    write_pattern(&s->peer, 50000);
    subject_await_got(s, 1);
    peer_close(&s->peer);
    s->on_received = NULL;
    subject_do(s, resume_reading);
    subject_await_closed(s, ERR_NONE);
    assert_int_equal(s->got.n, 50000);
    assert_true(is_pattern(s->got.p, 50000, 0));
}
BOTH(test_pause_then_end)

/* ---- Output ------------------------------------------------------------------------------------- */

/* One blob many times: shared, not copied. */
static void send_backlog(struct subject *s)
{
    struct blob *b = s->more;

    for (int i = 0; i < BACKLOG_BLOBS; i++)
        conn_send(s->conn, blob_ref(b));
}

static bool is_stalled(void *ctx)
{
    struct subject *s = ctx;

    return conn_stalled_ms(s->conn) > 20;
}

static void check_backlog(struct subject *s)
{
    size_t queued = conn_queued(s->conn);

    assert_true(queued > (size_t)BLOB);
    assert_true(queued <= (size_t)BLOB * (BACKLOG_BLOBS + 1));
    assert_true(conn_memory(s->conn) < 512 * 1024); /* the backlog itself is the blob's */
    assert_int_equal(s->drained, 0);
}

static bool is_drained(void *ctx)
{
    struct subject *s = ctx;

    return s->drained > 0 && conn_queued(s->conn) == 0 && conn_stalled_ms(s->conn) == 0;
}

static void make_slow(struct peer *p)
{
    int n = 64 * 1024;

    setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n);
}

static void test_slow_reader_case(struct subject *s)
{
    struct blob *b = blob_new_raw(BLOB);
    char *in = mem_alloc(BLOB);

    pattern(b->p, BLOB, 0);
    s->more = b;
    make_slow(&s->peer);
    subject_do(s, send_backlog);
    worker_await(&s->worker, is_stalled, s);
    subject_do(s, check_backlog);
    assert_true(atomic_load(&b->refs) > 1);
    for (int i = 0; i < BACKLOG_BLOBS; i++) {
        peer_read(&s->peer, in, BLOB);
        assert_true(is_pattern(in, BLOB, 0));
    }
    worker_await(&s->worker, is_drained, s);
    assert_int_equal(atomic_load(&b->refs), 1);
    blob_unref(b);
    mem_free(in);
}
BOTH(test_slow_reader)

/* What is sent in one round leaves in one record. */
static void send_small(struct subject *s)
{
    for (int i = 0; i < 100; i++)
        conn_write(s->conn, STR("0123456789"));
    conn_write(s->conn, STR("")); /* nothing, and no harm */
}

static void test_gathered_case(struct subject *s)
{
    char in[2000];

    if (s->peer.ssl == NULL)
        return;
    subject_do(s, send_small);
    assert_int_equal(peer_read_some(&s->peer, in, sizeof in), 1000); /* SSL_read gives one record */
}
BOTH(test_gathered)

static void flush_now(struct subject *s)
{
    conn_write(s->conn, STR("now"));
    assert_int_equal(conn_queued(s->conn), 3);
    conn_flush(s->conn);
    assert_int_equal(conn_queued(s->conn), 0);
}

static void test_flush_case(struct subject *s)
{
    char in[3];

    if (s->peer.ssl != NULL)
        worker_await(&s->worker, is_secured, s);
    subject_do(s, flush_now);
    peer_read(&s->peer, in, 3);
    worker_await(&s->worker, is_drained, s);
}
BOTH(test_flush)

/* ---- Ends --------------------------------------------------------------------------------------- */

static void send_and_close(struct subject *s)
{
    send_backlog(s);
    conn_close(s->conn);
    conn_close(s->conn);
    conn_write(s->conn, STR("too late"));
    conn_pause(s->conn, true);
    conn_flush(s->conn);
}

/* All output arrives before the end, the end is a proper one, and what the peer still sends does no harm. */
static void test_close_case(struct subject *s)
{
    static char in[BLOB];

    s->more = blob_new_raw(BLOB);
    pattern(((struct blob *)s->more)->p, BLOB, 0);
    make_slow(&s->peer);
    subject_do(s, send_and_close);
    peer_write(&s->peer, STR("not read by anybody"));
    for (int i = 0; i < BACKLOG_BLOBS; i++) {
        peer_read(&s->peer, in, BLOB);
        assert_true(is_pattern(in, BLOB, 0));
    }
    assert_true(peer_ended(&s->peer));
    assert_int_equal(s->calls, 0);
    peer_close(&s->peer);
    subject_await_closed(s, ERR_NONE);
    assert_int_equal(s->drained, 0); /* only `closed` follows */
    assert_int_equal(atomic_load(&((struct blob *)s->more)->refs), 1);
    blob_unref(s->more);
}
BOTH(test_close)

static void close_it(struct subject *s)
{
    conn_close(s->conn);
}

/* A peer that never hangs up is waited for no longer than LINGER_MS. */
static void test_close_alone_case(struct subject *s)
{
    subject_do(s, close_it);
    assert_true(peer_ended(&s->peer));
    subject_await_closed(s, ERR_NONE);
}
BOTH(test_close_alone)

/* A peer that reads nothing cannot keep the connection either. */
static void test_close_stuck_case(struct subject *s)
{
    s->more = blob_new_raw(BLOB);
    memset(((struct blob *)s->more)->p, 0, BLOB);
    make_slow(&s->peer);
    subject_do(s, send_and_close);
    subject_await_closed(s, ERR_TIMEOUT);
    assert_int_equal(atomic_load(&((struct blob *)s->more)->refs), 1);
    blob_unref(s->more);
}
BOTH(test_close_stuck)

static void test_peer_ends_case(struct subject *s)
{
    peer_write(&s->peer, STR("bye"));
    peer_close(&s->peer);
    subject_await_closed(s, ERR_NONE);
    assert_int_equal(s->got.n, 3);
}
BOTH(test_peer_ends)

/* The peer has said all it wants and still reads: it gets what waited. */
static void answer_late(struct subject *s, struct str bytes)
{
    buf_add(&s->got, bytes);
    conn_write(s->conn, STR("answer"));
}

static void test_peer_half_closes_case(struct subject *s)
{
    char in[6];

    s->on_received = answer_late;
    peer_write(&s->peer, STR("question"));
    if (s->peer.ssl != NULL)
        SSL_shutdown(s->peer.ssl);
    shutdown(s->peer.fd, SHUT_WR);
    peer_read(&s->peer, in, sizeof in);
    assert_memory_equal(in, "answer", 6);
    assert_true(peer_ended(&s->peer));
    subject_await_closed(s, ERR_NONE);
}
BOTH(test_peer_half_closes)

static void test_peer_resets_case(struct subject *s)
{
    if (s->peer.ssl != NULL)
        worker_await(&s->worker, is_secured, s);
    peer_reset(&s->peer);
    subject_await_closed(s, ERR_IO);
}
BOTH(test_peer_resets)

static void test_peer_resets_backlog_case(struct subject *s)
{
    s->more = blob_new_raw(BLOB);
    memset(((struct blob *)s->more)->p, 0, BLOB);
    make_slow(&s->peer);
    subject_do(s, send_backlog);
    worker_await(&s->worker, is_stalled, s);
    peer_reset(&s->peer);
    subject_await_closed(s, ERR_IO);
    assert_int_equal(atomic_load(&((struct blob *)s->more)->refs), 1);
    blob_unref(s->more);
}
BOTH(test_peer_resets_backlog)

/* Paused and with output waiting: the reset is noticed all the same. */
static void pause_and_send(struct subject *s)
{
    conn_pause(s->conn, true);
    send_backlog(s);
}

static void test_peer_resets_paused_case(struct subject *s)
{
    s->more = blob_new_raw(BLOB);
    memset(((struct blob *)s->more)->p, 0, BLOB);
    if (s->peer.ssl != NULL)
        worker_await(&s->worker, is_secured, s);
    make_slow(&s->peer);
    subject_do(s, pause_and_send);
    worker_await(&s->worker, is_stalled, s);
    peer_reset(&s->peer);
    subject_await_closed(s, ERR_IO);
    blob_unref(s->more);
}
BOTH(test_peer_resets_paused)

static void abort_now(struct subject *s)
{
    struct conn *c = s->conn;

    conn_write(c, STR("never leaves"));
    conn_abort(c);
    assert_int_equal(s->closed, 0); /* comes later, never from inside a call */
    conn_abort(c);
    conn_close(c);
    conn_write(c, STR("neither"));
    conn_flush(c);
    conn_pause(c, false);
    assert_int_equal(conn_queued(c), 0);
}

static void test_abort_case(struct subject *s)
{
    subject_do(s, abort_now);
    subject_await_closed(s, ERR_NONE);
    assert_false(peer_ended(&s->peer)); /* a reset is not an end */
}
BOTH(test_abort)

/* ---- Calls from inside `received` ---------------------------------------------------------------- */

static void abort_inside(struct subject *s, struct str bytes)
{
    conn_abort(s->conn);
    buf_add(&s->got, bytes); /* still valid */
}

static void close_inside(struct subject *s, struct str bytes)
{
    conn_write(s->conn, STR("last words"));
    conn_close(s->conn);
    buf_add(&s->got, bytes);
}

/* Several records wait behind the first: none is delivered any more. */
static void write_records(struct peer *p)
{
    if (p->ssl != NULL)
        peer_hold(p);
    for (int i = 0; i < 50; i++)
        peer_write(p, STR("0123456789"));
    if (p->ssl != NULL)
        peer_release(p, SIZE_MAX);
}

static void test_abort_inside_case(struct subject *s)
{
    if (s->peer.ssl != NULL)
        worker_await(&s->worker, is_secured, s);
    subject_do(s, pause_reading);
    s->on_received = abort_inside;
    write_records(&s->peer);
    subject_do(s, resume_reading);
    subject_await_closed(s, ERR_NONE);
    assert_int_equal(s->calls, 1);
    assert_memory_equal(s->got.p, "0123456789", 10);
}
BOTH(test_abort_inside)

static void test_close_inside_case(struct subject *s)
{
    char in[10];

    s->on_received = close_inside;
    peer_write(&s->peer, STR("0123456789"));
    peer_read(&s->peer, in, sizeof in);
    assert_memory_equal(in, "last words", 10);
    assert_true(peer_ended(&s->peer));
    assert_int_equal(s->calls, 1);
}
BOTH(test_close_inside)

/* ---- Life of the loop ---------------------------------------------------------------------------- */

/* A loop may be freed with connections on it: they go, and nobody is told. */
static void test_loop_freed(void **state)
{
    struct fixture *f = *state;
    struct subject s = { 0 };
    struct loop *l = loop_new();
    int a[2], b[2];

    static const struct conn_handlers handlers;
    struct conn *c;

    tcp_pair(a);
    tcp_pair(b);
    c = conn_accept(l, a[0], &handlers, &s);
    conn_write(c, STR("text"));
    c = conn_accept(l, b[0], &handlers, &s);
    conn_start_tls(c, f->tls);
    conn_close(c);
    loop_free(l);
    s.peer = (struct peer){ .fd = a[1] };
    assert_true(peer_ended(&s.peer));
    peer_close(&s.peer);
    s.peer = (struct peer){ .fd = b[1] };
    assert_true(peer_ended(&s.peer));
    peer_close(&s.peer);
}

static void check_peer(struct subject *s)
{
    struct peer_address at = conn_peer(s->conn);
    static const uint8_t loopback[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };

    assert_memory_equal(at.ip, loopback, 16);
    assert_true(at.port > 0);
}

static void test_peer_address_case(struct subject *s)
{
    subject_do(s, check_peer);
}
BOTH(test_peer_address)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_pause_before_data),
        cmocka_unit_test(test_pause_then_end),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_gathered),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_close_alone),
        cmocka_unit_test(test_close_stuck),
        cmocka_unit_test(test_peer_ends),
        cmocka_unit_test(test_peer_half_closes),
        cmocka_unit_test(test_peer_resets),
        cmocka_unit_test(test_peer_resets_backlog),
        cmocka_unit_test(test_peer_resets_paused),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_abort_inside),
        cmocka_unit_test(test_close_inside),
        cmocka_unit_test(test_loop_freed),
        cmocka_unit_test(test_peer_address),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
