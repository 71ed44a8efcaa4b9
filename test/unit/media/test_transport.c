/* test_transport.c: which sockets a transport asks for and when, and what it does with those that it gets. The anchor is our own ICE at the
 * other ends of pairs of sockets. */
#include "test/unit/check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/transport.h"
#include "test/unit/media/randoms.h"

enum { BEGIN_MS = 1000, LATE_MS = 400, NONE = 1000, UDP_A = 3, TCP_A = 4, UDP_B = 6 };

struct world {
    uint64_t dice;
    struct random random;
    struct certificate certificate;
    struct transport t;
    struct ice anchor;
    struct sdp_transport remote;
    uint64_t now_ms;
    int near, far; /* of the pair that was made last */
};

static void add(struct world *w, unsigned number, bool tcp)
{
    struct sdp_transport *r = &w->remote;
    size_t i = r->candidate_count++;

    r->candidates[i] =
        (struct stun_address){ .ip = { 127, 0, 0, 1 }, .port = (uint16_t)(number + 1) };
    r->priorities[i] = 1000 - number;
    r->numbers[i] = number;
    r->tcp[i] = tcp;
}

static void describe(struct world *w)
{
    memcpy(w->remote.ufrag, w->anchor.local_ufrag, sizeof w->remote.ufrag);
    memcpy(w->remote.pwd, w->anchor.local_pwd, sizeof w->remote.pwd);
}

/* Its candidates have been added; their numbers are those of lines among others. */
static void begin(struct world *w)
{
    static const uint32_t priorities[] = { 100 };

    w->now_ms = BEGIN_MS;
    w->dice = 7;
    w->random = (struct random){ fill_random, &w->dice };
    w->near = w->far = -1;
    assert_int_equal(certificate_make(&w->certificate), ERR_NONE);
    ice_init(&w->anchor, &w->random, false);
    transport_init(&w->t, &w->certificate, &w->random, true);
    ice_start(&w->anchor, str_from(w->t.ice.local_ufrag), str_from(w->t.ice.local_pwd), priorities,
              1, w->now_ms);
    describe(w);
    transport_start(&w->t, &w->remote, true, w->now_ms);
}

static void finish(struct world *w)
{
    transport_deinit(&w->t);
    certificate_deinit(&w->certificate);
    if (w->far >= 0)
        close(w->far);
}

static unsigned next_want(struct world *w)
{
    unsigned number = NONE;

    return transport_wants(&w->t, &number) ? number : NONE;
}

static void make_pair(struct world *w, int kind)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, kind | SOCK_NONBLOCK, 0, ends), 0);
    w->near = ends[0];
    w->far = ends[1];
}

static enum err give(struct world *w, unsigned number, int fd)
{
    return transport_take_socket(&w->t, number, fd, w->now_ms);
}

static void tick(struct world *w, unsigned ms)
{
    w->now_ms += ms;
    assert_int_equal(transport_tick(&w->t, w->now_ms), ERR_NONE);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* What came for the anchor; 0: nothing. */
static size_t arrived(const struct world *w, uint8_t *out, size_t room)
{
    ssize_t n = recv(w->far, out, room, MSG_DONTWAIT);

    return n > 0 ? (size_t)n : 0;
}

static void answer(struct world *w, struct bytes check)
{
    struct ice_packet p;
    struct transport_packet none;

    ice_receive(&w->anchor, 0, &w->remote.candidates[0], check, w->now_ms);
    while (ice_next(&w->anchor, w->now_ms, &p))
        assert_int_equal(send(w->far, p.data, p.n, 0), p.n);
    assert_int_equal(transport_receive(&w->t, 0, w->now_ms, &none), ERR_NONE);
}

/* ---- Cases ---- */

static void test_wants_datagrams_first(void **state)
{
    struct world w = { 0 };
    uint8_t packet[2000];

    (void)state;
    add(&w, UDP_A, false);
    add(&w, TCP_A, true);
    add(&w, UDP_B, false);
    begin(&w);
    tick(&w, 0);
    assert_int_equal(next_want(&w), UDP_A);
    assert_int_equal(next_want(&w), UDP_B);
    assert_int_equal(next_want(&w), NONE);
    make_pair(&w, SOCK_DGRAM);
    assert_int_equal(give(&w, UDP_A, w.near), ERR_NONE);
    tick(&w, 0);
    assert_true(arrived(&w, packet, sizeof packet) > 0);
    assert_int_equal(give(&w, UDP_B, -1), ERR_NONE); /* no way there: one is left */
    tick(&w, LATE_MS - 1);
    assert_int_equal(next_want(&w), NONE);
    tick(&w, 1);
    assert_int_equal(next_want(&w), TCP_A);
    tick(&w, LATE_MS);
    assert_int_equal(next_want(&w), NONE);
    finish(&w);
}

static void test_takes_what_it_asked_for(void **state)
{
    struct world w = { 0 };

    (void)state;
    add(&w, UDP_A, false);
    add(&w, TCP_A, true);
    begin(&w);
    make_pair(&w, SOCK_DGRAM);
    assert_int_equal(give(&w, UDP_A, w.near), ERR_MISSING); /* it has not said so yet */
    assert_int_equal(next_want(&w), UDP_A);
    assert_int_equal(give(&w, UDP_B, w.near), ERR_MISSING);
    assert_int_equal(give(&w, TCP_A, w.near), ERR_MISSING);
    assert_int_equal(give(&w, UDP_A, w.near), ERR_NONE);
    assert_int_equal(give(&w, UDP_A, w.near), ERR_MISSING);
    finish(&w);
    assert_false(is_open(w.near));
}

/* Who is answered over UDP never asks for more. */
static void test_answered(void **state)
{
    struct world w = { 0 };
    uint8_t packet[2000];
    size_t n;

    (void)state;
    add(&w, UDP_A, false);
    add(&w, TCP_A, true);
    begin(&w);
    assert_int_equal(next_want(&w), UDP_A);
    make_pair(&w, SOCK_DGRAM);
    assert_int_equal(give(&w, UDP_A, w.near), ERR_NONE);
    tick(&w, 0);
    n = arrived(&w, packet, sizeof packet);
    answer(&w, bytes_of(packet, n));
    assert_int_equal(ice_selected(&w.t.ice), 0);
    tick(&w, 2 * LATE_MS);
    assert_int_equal(next_want(&w), NONE);
    finish(&w);
}

static void test_only_connections(void **state)
{
    struct world w = { 0 };
    uint8_t packet[2000];
    size_t n;

    (void)state;
    add(&w, TCP_A, true);
    begin(&w);
    tick(&w, 0);
    assert_int_equal(next_want(&w), TCP_A);
    tick(&w, LATE_MS);
    make_pair(&w, SOCK_STREAM);
    assert_int_equal(give(&w, TCP_A, w.near), ERR_NONE);
    tick(&w, 0);
    n = arrived(&w, packet, sizeof packet);
    assert_true(n > FRAME_HEADER + STUN_HEADER);
    assert_int_equal(packet[0] << 8 | packet[1],
                     n - FRAME_HEADER); /* a check, whole, in its frame */
    finish(&w);
}

static void test_no_way(void **state)
{
    struct world w = { 0 };

    (void)state;
    add(&w, UDP_A, false);
    add(&w, TCP_A, true);
    begin(&w);
    assert_int_equal(next_want(&w), UDP_A);
    assert_int_equal(give(&w, UDP_A, -1), ERR_NONE);
    tick(&w, 0); /* without UDP there is nothing to wait for */
    assert_int_equal(next_want(&w), TCP_A);
    assert_int_equal(give(&w, TCP_A, -1), ERR_IO);
    finish(&w);
}

/* The anchor comes back while its socket is still being made: the socket serves the new credentials. */
static void test_restart_meanwhile(void **state)
{
    struct world w = { 0 };
    uint8_t packet[2000];
    size_t n;

    (void)state;
    add(&w, UDP_A, false);
    add(&w, TCP_A, true);
    begin(&w);
    assert_int_equal(next_want(&w), UDP_A);
    w.remote.ufrag[0] ^= 1;
    assert_int_equal(transport_restart(&w.t, &w.remote, w.now_ms), ERR_NONE);
    tick(&w, 0);
    assert_int_equal(next_want(&w), NONE);
    make_pair(&w, SOCK_DGRAM);
    assert_int_equal(give(&w, UDP_A, w.near), ERR_NONE);
    tick(&w, 0);
    n = arrived(&w, packet, sizeof packet);
    assert_non_null(memmem(packet, n, w.remote.ufrag, strlen(w.remote.ufrag)));
    w.remote.candidates[0].port++; /* another place has no socket, and gets none */
    w.remote.candidates[1].port++;
    assert_int_equal(transport_restart(&w.t, &w.remote, w.now_ms), ERR_DENIED);
    finish(&w);
}

/* A socket that comes after the handshake is nobody's: there is no way to another address from then on. */
static void test_late(void **state)
{
    struct world w = { 0 };

    (void)state;
    add(&w, UDP_A, false);
    begin(&w);
    assert_int_equal(next_want(&w), UDP_A);
    make_pair(&w, SOCK_DGRAM);
    w.t.secured = true;
    assert_int_equal(give(&w, UDP_A, w.near), ERR_NONE);
    assert_false(is_open(w.near));
    w.t.secured = false;
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wants_datagrams_first),
        cmocka_unit_test(test_takes_what_it_asked_for),
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_only_connections),
        cmocka_unit_test(test_no_way),
        cmocka_unit_test(test_restart_meanwhile),
        cmocka_unit_test(test_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
