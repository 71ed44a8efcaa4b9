/* test_handshake.c: two of ours agree on keys, also where every second datagram is lost; another certificate than was promised. */
#include "test/unit/check.h"

#include <string.h>
#include <unistd.h>

#include "media/handshake.h"
#include "test/unit/media/randoms.h"

enum { ROUNDS = 400, STEP_MS = 20 };

struct world {
    struct certificate client_id, server_id;
    struct handshake client, server;
    uint64_t dice, now_ms;
};

static void open_world(struct world *w, bool wrong_server)
{
    uint8_t promised[HANDSHAKE_FINGERPRINT];

    *w = (struct world){ .dice = 3, .now_ms = 1000 };
    assert_int_equal(certificate_make(&w->client_id), ERR_NONE);
    assert_int_equal(certificate_make(&w->server_id), ERR_NONE);
    memcpy(promised, w->server_id.fingerprint, sizeof promised);
    promised[31] ^= wrong_server;
    handshake_init(&w->client, &w->client_id, true, promised, w->now_ms);
    handshake_init(&w->server, &w->server_id, false, w->client_id.fingerprint, w->now_ms);
    assert_int_equal(handshake_begin(&w->client, w->now_ms), ERR_NONE);
    assert_int_equal(handshake_begin(&w->server, w->now_ms), ERR_NONE);
}

static void close_world(struct world *w)
{
    handshake_deinit(&w->client);
    handshake_deinit(&w->server);
    certificate_deinit(&w->client_id);
    certificate_deinit(&w->server_id);
}

static enum err carry(struct world *w, struct handshake *from, struct handshake *to, unsigned loss)
{
    struct handshake_datagram d;
    enum err e = ERR_NONE;

    while (e == ERR_NONE && handshake_next(from, &d)) {
        assert_in_range(d.n, 1, HANDSHAKE_MTU);
        if (!is_lost(&w->dice, loss))
            e = handshake_receive(to, bytes_of(d.data, d.n), w->now_ms);
    }
    return e;
}

static enum err run(struct world *w, unsigned loss)
{
    enum err e = ERR_NONE;

    for (int i = 0; i < ROUNDS && e == ERR_NONE && !(w->client.done && w->server.done); i++) {
        e = carry(w, &w->client, &w->server, loss);
        if (e == ERR_NONE)
            e = carry(w, &w->server, &w->client, loss);
        if (loss > 0) /* OpenSSL has a clock of its own */
            usleep(STEP_MS * 1000);
        w->now_ms += STEP_MS;
        if (e == ERR_NONE)
            e = handshake_tick(&w->client, w->now_ms);
        if (e == ERR_NONE)
            e = handshake_tick(&w->server, w->now_ms);
    }
    return e;
}

static void check_keys(struct world *w)
{
    uint8_t packet[64] = { 0x80, 111, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 's', 'o', 't', 't', 'o' };
    struct srtp c_out, c_in, s_out, s_in;
    struct rtp_header h;
    size_t n = 17;

    assert_int_equal(handshake_keys(&w->client, &c_out, &c_in), ERR_NONE);
    assert_int_equal(handshake_keys(&w->server, &s_out, &s_in), ERR_NONE);
    assert_int_equal(srtp_seal_rtp(&c_out, packet, &n), ERR_NONE);
    assert_int_equal(srtp_open_rtp(&s_in, packet, &n, &h), ERR_NONE);
    assert_memory_equal(packet + 12, "sotto", 5);
    assert_int_equal(srtp_seal_rtp(&s_out, packet, &n), ERR_NONE);
    assert_int_equal(srtp_open_rtp(&c_in, packet, &n, &h), ERR_NONE);
    assert_memory_equal(packet + 12, "sotto", 5);
    srtp_deinit(&c_out);
    srtp_deinit(&c_in);
    srtp_deinit(&s_out);
    srtp_deinit(&s_in);
}

static void test_agrees(void **state)
{
    static const unsigned losses[] = { 0, 30 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(losses); i++) {
        struct world w;

        open_world(&w, false);
        assert_int_equal(run(&w, losses[i]), ERR_NONE);
        assert_true(w.client.done && w.server.done);
        check_keys(&w);
        close_world(&w);
    }
}

static void test_another_certificate(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, true);
    assert_int_equal(run(&w, 0), ERR_DENIED);
    assert_false(w.client.done);
    close_world(&w);
}

static void test_rubbish(void **state)
{
    uint8_t rubbish[200];
    struct world w;

    (void)state;
    open_world(&w, false);
    for (int i = 0; i < 200; i++) {
        fill_random(&w.dice, rubbish, sizeof rubbish);
        rubbish[0] = (uint8_t)(20 + rubbish[0] % 44);
        (void)!handshake_receive(
            &w.server, bytes_of(rubbish, 1 + rubbish[1] % (sizeof rubbish - 1)), w.now_ms);
        assert_false(w.server.done);
    }
    close_world(&w);
}

static void test_close(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, false);
    assert_int_equal(run(&w, 0), ERR_NONE);
    handshake_close(&w.client);
    assert_int_equal(carry(&w, &w.client, &w.server, 0), ERR_NONE);
    assert_true(w.server.closed);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees),
        cmocka_unit_test(test_another_certificate),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
