/* test_connect.c: the way to a server, and TLS on connections of ours: which certificates hold, both sides agree. */
#include "net.h"

#include <string.h>
#include <unistd.h>

#include "io/connect.h"
#include "io/connect_find.h"

/* ---- Addresses ----------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum err err;
    const char *host;
    uint16_t port;
    bool tls;
} spots[] = {
    { "a.example:5222", ERR_NONE, "a.example", 5222, false },
    { "a.example:5223", ERR_NONE, "a.example", 5223, true },
    { "a.example:443", ERR_NONE, "a.example", 443, true },
    { "tls://a.example:4000", ERR_NONE, "a.example", 4000, true },
    { "127.0.0.1:1", ERR_NONE, "127.0.0.1", 1, false },
    { "[::1]:65535", ERR_NONE, "::1", 65535, false },
    { "a.example", ERR_MALFORMED, "", 0, false },
    { "a.example:", ERR_MALFORMED, "", 0, false },
    { "a.example:0", ERR_MALFORMED, "", 0, false },
    { "a.example:65536", ERR_MALFORMED, "", 0, false },
    { "a.example:+1", ERR_MALFORMED, "", 0, false },
    { ":5222", ERR_MALFORMED, "", 0, false },
    { "::1:5222", ERR_MALFORMED, "", 0, false },
    { "[]:5222", ERR_MALFORMED, "", 0, false },
    { "", ERR_MALFORMED, "", 0, false },
    { "tls://", ERR_MALFORMED, "", 0, false },
};

static void test_spots(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spots); i++) {
        struct spot s = { 0 };
        enum err e = spot_read(str_from(spots[i].text), &s);

        if (e != spots[i].err || !str_is(s.host, spots[i].host) || s.port != spots[i].port
            || s.tls != spots[i].tls)
            fail_msg("%s", spots[i].text);
        assert_int_equal(connect_address_valid(str_from(spots[i].text)), spots[i].err);
    }
}

/* RFC 2782: lower priorities first; within one, by weight and chance. The port names the record. */
static const struct {
    const char *what;
    struct srv in[4];
    uint32_t dice[4];
    uint16_t ports[4];
} orders[] = {
    { "by priority",
      { { 30, 1, 1, false, STR_INIT("a") },
        { 10, 1, 2, false, STR_INIT("a") },
        { 20, 1, 3, false, STR_INIT("a") },
        { 5, 1, 4, false, STR_INIT("a") } },
      { 0, 0, 0, 0 },
      { 4, 2, 3, 1 } },
    { "small dice take the first, large ones the last",
      { { 1, 10, 1, false, STR_INIT("a") },
        { 1, 10, 2, false, STR_INIT("a") },
        { 1, 10, 3, false, STR_INIT("a") },
        { 2, 10, 4, false, STR_INIT("a") } },
      { 30, 0, 0, 0 },
      { 3, 1, 2, 4 } },
    { "no weights: as they came",
      { { 1, 0, 1, false, STR_INIT("a") },
        { 1, 0, 2, false, STR_INIT("a") },
        { 1, 0, 3, false, STR_INIT("a") },
        { 1, 0, 4, false, STR_INIT("a") } },
      { 7, 7, 7, 7 },
      { 1, 2, 3, 4 } },
    { "a weight of nearly all is nearly always first",
      { { 1, 1, 1, false, STR_INIT("a") },
        { 1, 65535, 2, false, STR_INIT("a") },
        { 1, 1, 3, false, STR_INIT("a") },
        { 1, 1, 4, false, STR_INIT("a") } },
      { 40000, 1, 1, 1 },
      { 2, 1, 3, 4 } },
};

static void test_srv_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct srv list[4];

        memcpy(list, orders[i].in, sizeof list);
        srv_order(list, 4, orders[i].dice);
        for (size_t n = 0; n < 4; n++)
            if (list[n].port != orders[i].ports[n])
                fail_msg("%s: place %zu is %u", orders[i].what, n, list[n].port);
    }
}

/* ---- Two sides in one process -------------------------------------------------------------------- */

struct end {
    struct conn *conn;
    struct arena arena;
    struct binding_data binding;
    struct buf got;
    struct str distrust;
    bool secured, closed;
    enum err why;
};

struct pair {
    struct worker worker;
    struct tls_context *server_tls, *client_tls;
    struct listener *listener;
    struct connect *connect;
    struct connect_to to;
    struct arena arena;
    struct str failure; /* of connect */
    const char *name;   /* that the client expects */
    bool starttls, over_tls;
    uint16_t port;
    struct end server, client;
};

static void take(struct end *e, struct str bytes)
{
    buf_add(&e->got, bytes);
}

static void server_received(void *ctx, struct str bytes)
{
    struct pair *p = ctx;

    if (!conn_is_tls(p->server.conn)) {
        assert_true(str_is(bytes, "starttls"));
        conn_write(p->server.conn, STR("proceed"));
        conn_start_tls(p->server.conn, p->server_tls);
        return;
    }
    take(&p->server, bytes);
    conn_write(p->server.conn, STR("welcome"));
}

static void client_received(void *ctx, struct str bytes)
{
    struct pair *p = ctx;

    if (!conn_is_tls(p->client.conn)) {
        assert_true(str_is(bytes, "proceed"));
        conn_start_tls_client(p->client.conn, p->client_tls, str_from(p->name));
        return;
    }
    take(&p->client, bytes);
}

static void secured(struct end *e)
{
    e->secured = true;
    e->binding = conn_binding(e->conn, &e->arena);
}

static void server_secured(void *ctx)
{
    secured(&((struct pair *)ctx)->server);
}

static void client_secured(void *ctx)
{
    struct pair *p = ctx;

    secured(&p->client);
    assert_true(str_is(conn_alpn(p->client.conn), "xmpp-client"));
    conn_write(p->client.conn, STR("hello"));
}

static void closed(struct end *e, enum err why)
{
    e->distrust = conn_distrust(e->conn);
    e->closed = true;
    e->why = why;
}

static void server_closed(void *ctx, enum err why)
{
    closed(&((struct pair *)ctx)->server, why);
}

static void client_closed(void *ctx, enum err why)
{
    closed(&((struct pair *)ctx)->client, why);
}

static const struct conn_handlers server_handlers = { server_received, server_secured, NULL,
                                                      server_closed };
static const struct conn_handlers client_handlers = { client_received, client_secured, NULL,
                                                      client_closed };

static void accepted(void *ctx, int fd)
{
    struct pair *p = ctx;

    p->server.conn = conn_accept(p->worker.loop, fd, &server_handlers, p);
    if (!p->starttls)
        conn_start_tls(p->server.conn, p->server_tls);
}

static void connected(void *ctx, int fd, bool tls)
{
    struct pair *p = ctx;

    p->over_tls = tls;
    connect_free(p->connect);
    p->connect = NULL;
    p->client.conn = conn_accept(p->worker.loop, fd, &client_handlers, p);
    if (tls)
        conn_start_tls_client(p->client.conn, p->client_tls, str_from(p->name));
    else
        conn_write(p->client.conn, STR("starttls"));
}

static void failed(void *ctx, struct str why)
{
    struct pair *p = ctx;

    p->failure = arena_str(&p->arena, why);
    connect_free(p->connect);
    p->connect = NULL;
}

static const struct connect_handlers connect_handlers = { .connected = connected,
                                                          .failed = failed };

static void serve(void *ctx)
{
    struct pair *p = ctx;
    struct arena a = { 0 };
    struct str why;
    int fd;

    assert_int_equal(listen_bind(STR("127.0.0.1:0"), 1, &fd, &p->port, &why, &a), ERR_NONE);
    p->listener = listener_new(p->worker.loop, fd, accepted, p);
    arena_deinit(&a);
}

static void dial(void *ctx)
{
    struct pair *p = ctx;

    p->connect = connect_new(p->worker.loop, &p->to, &connect_handlers, p);
}

static bool is_over(void *ctx)
{
    const struct pair *p = ctx;

    return p->client.closed || p->client.got.n > 0 || p->failure.n > 0;
}

static void hang_up(void *ctx)
{
    struct pair *p = ctx;

    listener_free(p->listener);
    connect_free(p->connect);
    if (p->client.conn != NULL && !p->client.closed)
        conn_close(p->client.conn);
}

static bool is_gone(void *ctx)
{
    const struct pair *p = ctx;

    return (p->client.conn == NULL || p->client.closed)
           && (p->server.conn == NULL || p->server.closed);
}

static void pair_begin(struct pair *p)
{
    buf_init(&p->server.got, 100);
    buf_init(&p->client.got, 100);
    worker_start(&p->worker);
}

static void pair_end(struct pair *p)
{
    worker_call(&p->worker, hang_up, p);
    worker_await(&p->worker, is_gone, p);
    worker_stop(&p->worker);
    buf_deinit(&p->server.got);
    buf_deinit(&p->client.got);
    arena_deinit(&p->server.arena);
    arena_deinit(&p->client.arena);
    arena_deinit(&p->arena);
    tls_context_unref(p->server_tls);
    tls_context_unref(p->client_tls);
}

static struct tls_context *client_context(const char *ca)
{
    struct tls_context *c = NULL;
    struct arena a = { 0 };
    struct str why;

    assert_int_equal(tls_context_new_client(ca, "xmpp-client", &c, &why, &a), ERR_NONE);
    arena_deinit(&a);
    return c;
}

/* Whom the client trusts, whom it means, and what comes of it. */
enum ca { CA_OWN, CA_OTHER, CA_SYSTEM };
static const struct {
    enum ca ca;
    const char *name;
    bool good;
} trusts[] = {
    { CA_OWN, "localhost", true },
    { CA_OWN, "127.0.0.1", true },
    { CA_OWN, "other.example", false },
    { CA_OWN, "127.0.0.2", false },
    { CA_OWN, "", false },
    { CA_OTHER, "localhost", false },
    { CA_SYSTEM, "localhost", false },
};

static void check_good(const struct pair *p)
{
    assert_true(p->client.secured && p->server.secured && !p->client.closed);
    assert_true(str_is(buf_str(&p->server.got), "hello"));
    assert_true(str_is(buf_str(&p->client.got), "welcome"));
    assert_int_equal(p->client.binding.exporter.n, 32);
    assert_memory_equal(p->client.binding.exporter.p, p->server.binding.exporter.p, 32);
    assert_int_equal(p->client.binding.server_end_point.n, 32);
    assert_memory_equal(p->client.binding.server_end_point.p, p->server.binding.server_end_point.p,
                        32);
}

static void check_bad(const struct pair *p)
{
    assert_true(p->client.closed && !p->client.secured);
    assert_int_equal(p->client.got.n + p->server.got.n, 0);
    if (p->name[0] == '\0') /* nobody to expect: it does not even begin */
        assert_int_equal(p->client.why, ERR_UNSUPPORTED);
    else
        assert_true(p->client.why == ERR_DENIED && p->client.distrust.n > 0);
}

static void test_trust(void **state)
{
    struct identity own, other;

    (void)state;
    identity_make(&own);
    identity_make(&other);
    for (size_t i = 0; i < 2 * COUNT_OF(trusts); i++) {
        enum ca ca = trusts[i / 2].ca;
        struct pair p = { .name = trusts[i / 2].name, .starttls = i % 2 == 1 };

        p.server_tls = identity_context(&own, "xmpp-client");
        p.client_tls = client_context(ca == CA_OWN     ? own.certificate
                                      : ca == CA_OTHER ? other.certificate
                                                       : NULL);
        pair_begin(&p);
        worker_call(&p.worker, serve, &p);
        p.to.address =
            arena_printf(&p.arena, "%s127.0.0.1:%u", p.starttls ? "" : "tls://", (unsigned)p.port);
        worker_call(&p.worker, dial, &p);
        worker_await(&p.worker, is_over, &p);
        assert_int_equal(p.over_tls, !p.starttls);
        if (trusts[i / 2].good)
            check_good(&p);
        else
            check_bad(&p);
        pair_end(&p);
    }
    identity_remove(&own);
    identity_remove(&other);
}

static void test_no_certificates(void **state)
{
    struct tls_context *c = NULL;
    struct arena a = { 0 };
    struct str why = STR_NONE;

    (void)state;
    assert_int_equal(tls_context_new_client("/nonexistent", "", &c, &why, &a), ERR_IO);
    assert_true(c == NULL && why.n > 0);
    arena_deinit(&a);
}

/* Nobody listens; the name has no address; the owner loses interest while a name is looked up. */
static void test_nobody(void **state)
{
    static const char *const addresses[] = { "127.0.0.1:1", "nobody.invalid:5222" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct pair p = { .to.address = str_from(addresses[i]) };

        pair_begin(&p);
        worker_call(&p.worker, dial, &p);
        worker_await(&p.worker, is_over, &p);
        assert_true(p.failure.n > 20);
        pair_end(&p);
    }
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct pair p = { .to.address = str_from(addresses[i]) };

        pair_begin(&p);
        worker_call(&p.worker, dial, &p);
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spots),  cmocka_unit_test(test_srv_order),
        cmocka_unit_test(test_trust),  cmocka_unit_test(test_no_certificates),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
