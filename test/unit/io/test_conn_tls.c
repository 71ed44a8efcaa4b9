/* test_conn_tls.c: what TLS on a connection accepts, refuses and tells. */
#include "net.h"

#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    struct identity identity;
    struct tls_context *tls; /* speaks xmpp-client and http/1.1 */
};

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);

    identity_make(&f->identity);
    f->tls = identity_context(&f->identity, "xmpp-client  http/1.1");
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

static bool is_secured(void *ctx)
{
    return ((struct subject *)ctx)->secured > 0;
}

/* ---- Versions, ciphers, protocols ---------------------------------------------------------------- */

#define ALPN_XMPP  "\x0bxmpp-client"
#define ALPN_HTTP  "\x08http/1.1"
#define ALPN_OTHER "\x02h2"

static const struct {
    const char *what;
    struct peer_tls how;
    const char *version, *alpn; /* NULL: refused */
} offers[] = {
    { "anything", { 0 }, "TLSv1.3", "" },
    { "TLS 1.3", { TLS1_3_VERSION, TLS1_3_VERSION, NULL, NULL }, "TLSv1.3", "" },
    { "TLS 1.2", { TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL }, "TLSv1.2", "" },
    { "TLS 1.1", { TLS1_1_VERSION, TLS1_1_VERSION, NULL, NULL }, NULL, NULL },
    { "TLS 1.0", { TLS1_VERSION, TLS1_VERSION, NULL, NULL }, NULL, NULL },
    { "1.2, AEAD", { 0, TLS1_2_VERSION, NULL, "ECDHE-ECDSA-AES128-GCM-SHA256" }, "TLSv1.2", "" },
    { "1.2, ChaCha", { 0, TLS1_2_VERSION, NULL, "ECDHE-ECDSA-CHACHA20-POLY1305" }, "TLSv1.2", "" },
    { "1.2, CBC", { 0, TLS1_2_VERSION, NULL, "ECDHE-ECDSA-AES128-SHA" }, NULL, NULL },
    { "1.2, no forward secrecy", { 0, TLS1_2_VERSION, NULL, "AES128-GCM-SHA256" }, NULL, NULL },
    { "1.2, anonymous", { 0, TLS1_2_VERSION, NULL, "AECDH-AES128-SHA" }, NULL, NULL },
    { "XMPP", { 0, 0, ALPN_XMPP, NULL }, "TLSv1.3", "xmpp-client" },
    { "ours first", { 0, 0, ALPN_OTHER ALPN_HTTP ALPN_XMPP, NULL }, "TLSv1.3", "xmpp-client" },
    { "HTTP", { 0, 0, ALPN_OTHER ALPN_HTTP, NULL }, "TLSv1.3", "http/1.1" },
    { "another protocol", { 0, 0, ALPN_OTHER, NULL }, NULL, NULL },
    { "another protocol, 1.2", { 0, TLS1_2_VERSION, ALPN_OTHER, NULL }, NULL, NULL },
};

struct seen {
    const char *version, *alpn;
    bool equal;
};

static void look(struct subject *s)
{
    struct seen *seen = s->more;

    assert_true(conn_is_tls(s->conn));
    seen->equal =
        str_is(conn_tls_version(s->conn), seen->version) && str_is(conn_alpn(s->conn), seen->alpn);
}

static void test_offers(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(offers); i++) {
        struct seen seen = { offers[i].version, offers[i].alpn, false };
        struct subject s;
        bool ok;

        subject_open(&s, f->tls);
        s.more = &seen;
        ok = peer_secure(&s.peer, &offers[i].how);
        if (ok != (seen.version != NULL))
            fail_msg("%s: %s", offers[i].what, ok ? "accepted" : "refused");
        if (!ok) {
            peer_close(&s.peer);
            subject_await_closed(&s, ERR_MALFORMED);
            assert_int_equal(s.secured, 0);
        } else {
            worker_await(&s.worker, is_secured, &s);
            subject_do(&s, look);
            if (!seen.equal)
                fail_msg("%s: other version or protocol", offers[i].what);
        }
        subject_shut(&s);
    }
}

/* ---- Channel binding ----------------------------------------------------------------------------- */

struct binding {
    struct arena arena;
    struct binding_data data;
};

static void read_binding(struct subject *s)
{
    struct binding *b = s->more;

    b->data = conn_binding(s->conn, &b->arena);
}

static const struct {
    int version;
    bool extended_secret, has_exporter;
} bindings[] = {
    { TLS1_3_VERSION, true, true },
    { TLS1_2_VERSION, true, true },
    { TLS1_2_VERSION, false, false }, /* RFC 9266 §4.2 */
};

static void secure_for_binding(struct subject *s, size_t i)
{
    struct peer *p = &s->peer;

    p->settings = SSL_CTX_new(TLS_client_method());
    if (!bindings[i].extended_secret)
        SSL_CTX_set_options(p->settings, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    SSL_CTX_set_max_proto_version(p->settings, bindings[i].version);
    p->ssl = SSL_new(p->settings);
    SSL_set_fd(p->ssl, p->fd);
    assert_int_equal(SSL_connect(p->ssl), 1);
    worker_await(&s->worker, is_secured, s);
}

/* Both sides compute the same, each with its own means. */
static void test_binding(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(bindings); i++) {
        struct binding b = { 0 };
        struct subject s;
        uint8_t exporter[32], end_point[32];

        subject_open(&s, f->tls);
        s.more = &b;
        subject_do(&s, read_binding);
        assert_int_equal(b.data.exporter.n + b.data.server_end_point.n, 0); /* too early */
        secure_for_binding(&s, i);
        subject_do(&s, read_binding);

        assert_int_equal(b.data.exporter.n, bindings[i].has_exporter ? 32 : 0);
        if (bindings[i].has_exporter) {
            assert_int_equal(SSL_export_keying_material(s.peer.ssl, exporter, sizeof exporter,
                                                        "EXPORTER-Channel-Binding", 24, NULL, 0, 1),
                             1);
            assert_memory_equal(b.data.exporter.p, exporter, 32);
        }
        assert_true(
            X509_digest(SSL_get0_peer_certificate(s.peer.ssl), EVP_sha256(), end_point, NULL));
        assert_int_equal(b.data.server_end_point.n, 32);
        assert_memory_equal(b.data.server_end_point.p, end_point, 32);
        arena_deinit(&b.arena);
        subject_shut(&s);
    }
}

/* ---- Attacks ------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    struct str bytes;
} garbage[] = {
    { "HTTP", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
    { "XMPP", STR_INIT("<?xml version='1.0'?><stream:stream to='a'>") },
    { "a record too long", STR_INIT("\x16\x03\x01\xff\xff") },
    { "data before the handshake", STR_INIT("\x17\x03\x03\x00\x01x") },
    { "an alert first", STR_INIT("\x15\x03\x03\x00\x02\x02\x28") },
    { "SSLv2", STR_INIT("\x80\x1f\x01\x00\x02\x00\x06\x00\x00\x00\x10\x07\x00\xc0\x00\x00\x04"
                        "0123456789abcdef") },
    { "a hello that lies about its length", STR_INIT("\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff") },
};

static void test_garbage(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(garbage); i++) {
        struct subject s;
        char c;

        subject_open(&s, f->tls);
        peer_write(&s.peer, garbage[i].bytes);
        while (peer_read_some(&s.peer, &c, 1) > 0) /* an alert, perhaps */
            ;
        peer_close(&s.peer);
        subject_await_closed(&s, ERR_MALFORMED);
        assert_int_equal(s.calls, 0);
        subject_shut(&s);
    }
}

/* The peer goes in the middle of a record. */
static void test_cut_off(void **state)
{
    struct fixture *f = *state;
    struct subject s;

    subject_open(&s, f->tls);
    peer_write(&s.peer, STR("\x16\x03\x01\x02\x00\x01"));
    peer_close(&s.peer);
    subject_await_closed(&s, ERR_NONE);
    subject_shut(&s);
}

static void test_renegotiation(void **state)
{
    static const struct peer_tls old = { TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL };
    struct fixture *f = *state;
    struct subject s;

    subject_open(&s, f->tls);
    assert_true(peer_secure(&s.peer, &old));
    peer_write(&s.peer, STR("before"));
    subject_await_got(&s, 6);
    assert_int_equal(SSL_renegotiate(s.peer.ssl), 1);
    assert_int_not_equal(SSL_do_handshake(s.peer.ssl), 1);
    ERR_clear_error();
    assert_int_equal(s.secured, 1);
    subject_shut(&s);
}

static void echo(struct subject *s, struct str bytes)
{
    conn_write(s->conn, bytes);
}

static void test_key_update(void **state)
{
    struct fixture *f = *state;
    struct subject s;
    char in[4];

    subject_open(&s, f->tls);
    s.on_received = echo;
    assert_true(peer_secure(&s.peer, NULL));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(SSL_key_update(s.peer.ssl, i % 2 ? SSL_KEY_UPDATE_REQUESTED
                                                          : SSL_KEY_UPDATE_NOT_REQUESTED),
                         1);
        peer_write(&s.peer, STR("data"));
        peer_read(&s.peer, in, 4);
        assert_memory_equal(in, "data", 4);
    }
    subject_shut(&s);
}

static bool is_closed(void *ctx)
{
    return ((struct subject *)ctx)->closed > 0;
}

/* Every request makes us answer; who never reads the answers is cut off before they fill the memory. */
static void test_key_update_flood(void **state)
{
    struct fixture *f = *state;
    struct subject s;

    subject_open(&s, f->tls);
    assert_true(peer_secure(&s.peer, NULL));
    for (;;) {
        SSL_key_update(s.peer.ssl, SSL_KEY_UPDATE_REQUESTED);
        if (SSL_do_handshake(s.peer.ssl) != 1 || SSL_write(s.peer.ssl, "x", 1) != 1)
            break; /* the server has hung up */
    }
    worker_await(&s.worker, is_closed, &s);
    assert_true(s.why == ERR_TOO_BIG || s.why == ERR_MALFORMED);
    subject_shut(&s);
}

/* ---- STARTTLS ------------------------------------------------------------------------------------ */

static void start_tls(struct subject *s, struct str bytes)
{
    struct fixture *f = s->more;

    if (!conn_is_tls(s->conn)) {
        conn_write(s->conn, STR("proceed"));
        conn_start_tls(s->conn, f->tls);
        return; /* the rest of `bytes` is ours to judge */
    }
    buf_add(&s->got, bytes);
}

/* Text that came with the request never appears as decrypted data, nor breaks the handshake. */
static void test_injection(void **state)
{
    struct subject s;
    char in[7];

    subject_open(&s, NULL);
    s.more = *state;
    s.on_received = start_tls;
    peer_write(&s.peer, STR("starttls<evil/>"));
    peer_read(&s.peer, in, sizeof in);
    assert_memory_equal(in, "proceed", 7);
    assert_true(peer_secure(&s.peer, NULL));
    peer_write(&s.peer, STR("good"));
    subject_await_got(&s, 4);
    assert_int_equal(s.got.n, 4);
    assert_memory_equal(s.got.p, "good", 4);
    subject_shut(&s);
}

/* Plaintext that is still unread when TLS starts ends the connection. */
struct injected {
    struct fixture *fixture;
    struct worker worker;
    struct conn_parcel parcel;
    unsigned received, closed;
    enum err why;
};

static void injected_received(void *ctx, struct str bytes)
{
    (void)bytes;
    ((struct injected *)ctx)->received++;
}

static void injected_closed(void *ctx, enum err why)
{
    struct injected *i = ctx;

    i->why = why;
    i->closed++;
}

static const struct conn_handlers injected_handlers = { .received = injected_received,
                                                        .closed = injected_closed };

static void adopt_and_start(void *ctx)
{
    struct injected *i = ctx;

    conn_start_tls(conn_adopt(i->worker.loop, &i->parcel, &injected_handlers, i), i->fixture->tls);
}

static bool is_injected_closed(void *ctx)
{
    return ((struct injected *)ctx)->closed > 0;
}

static void test_unread_before_tls(void **state)
{
    struct injected i = { .fixture = *state };
    int pair[2];

    tcp_pair(pair);
    i.parcel.fd = pair[0];
    buf_init(&i.parcel.unread, 100);
    buf_add(&i.parcel.unread, STR("<evil/>"));
    worker_start(&i.worker);
    worker_call(&i.worker, adopt_and_start, &i);
    worker_await(&i.worker, is_injected_closed, &i);
    assert_int_equal(i.why, ERR_MALFORMED);
    assert_int_equal(i.received, 0);
    worker_stop(&i.worker);
    close(pair[1]);
}

/* ---- Many ---------------------------------------------------------------------------------------- */

enum { CLIENTS = 8, HANDSHAKES = 12 };

struct crowd {
    struct worker worker;
    struct fixture *fixture;
    struct listener *listener;
    uint16_t port;
    unsigned open;
};

struct member {
    struct crowd *crowd;
    struct conn *conn;
};

static void member_received(void *ctx, struct str bytes)
{
    conn_write(((struct member *)ctx)->conn, bytes);
}

static void member_closed(void *ctx, enum err why)
{
    (void)why;
    ((struct member *)ctx)->crowd->open--;
    mem_free(ctx);
}

static const struct conn_handlers member_handlers = { .received = member_received,
                                                      .closed = member_closed };

static void member_accepted(void *ctx, int fd)
{
    struct member *m = mem_alloc(sizeof *m);

    m->crowd = ctx;
    m->crowd->open++;
    m->conn = conn_accept(m->crowd->worker.loop, fd, &member_handlers, m);
    conn_start_tls(m->conn, m->crowd->fixture->tls);
}

static void crowd_listen(void *ctx)
{
    struct crowd *c = ctx;
    struct arena a = { 0 };
    struct str why;
    int fd;

    assert_int_equal(listen_bind(STR("127.0.0.1:0"), 1, &fd, &c->port, &why, &a), ERR_NONE);
    c->listener = listener_new(c->worker.loop, fd, member_accepted, c);
    arena_deinit(&a);
}

static void crowd_end(void *ctx)
{
    listener_free(((struct crowd *)ctx)->listener);
}

static bool crowd_gone(void *ctx)
{
    return ((struct crowd *)ctx)->open == 0;
}

static void *client(void *ctx)
{
    struct crowd *c = ctx;
    struct peer peers[HANDSHAKES];
    char in[2];

    for (int i = 0; i < HANDSHAKES; i++) {
        peer_connect(&peers[i], c->port);
        assert_true(peer_secure(&peers[i], NULL));
    }
    for (int i = 0; i < HANDSHAKES; i++) {
        peer_write(&peers[i], STR("hi"));
        peer_read(&peers[i], in, 2);
        peer_close(&peers[i]);
    }
    return NULL;
}

/* More at once than a round allows: all are served. */
static void test_many_handshakes(void **state)
{
    struct crowd c = { .fixture = *state };
    pthread_t threads[CLIENTS];

    worker_start(&c.worker);
    worker_call(&c.worker, crowd_listen, &c);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, client, &c), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    worker_call(&c.worker, crowd_end, &c);
    worker_await(&c.worker, crowd_gone, &c);
    worker_stop(&c.worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_key_update_flood),
        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_unread_before_tls),
        cmocka_unit_test(test_many_handshakes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
