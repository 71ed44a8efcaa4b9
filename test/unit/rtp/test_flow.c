/* test_flow.c: a call as a story: the handshake first, media then, each source in order, nothing twice, not too much. */
#include "test/unit/rtp/packets.h"

#include <stdio.h>

#include "rtp/flow.h"

/* ---- Packets ---------------------------------------------------------------------------------------- */

static struct packet handshake(const char *type)
{
    char hex[200];

    assert_true(snprintf(hex, sizeof hex,
                         "16 fefd 0000 000000000001 0010 %s 000004 0000 000000 000004 00000000",
                         type)
                < (int)sizeof hex);
    return packet_of(hex);
}

static struct packet finished(void)
{
    return packet_of("16 fefd 0001 000000000000 0010 00*29");
}

static struct packet media(unsigned payload_type, unsigned ssrc, unsigned sequence, size_t size)
{
    struct packet p = packet_of("80 00 0000 00000000 00000000");

    p.octets[1] = (uint8_t)payload_type;
    p.octets[2] = (uint8_t)(sequence >> 8);
    p.octets[3] = (uint8_t)sequence;
    p.octets[11] = (uint8_t)ssrc;
    p.n = size;
    return p;
}

static struct packet report(unsigned ssrc, uint32_t index)
{
    struct packet p = packet_of("80c90001 00000000 80000000 00*22");

    p.octets[7] = (uint8_t)ssrc;
    for (int i = 0; i < 4; i++)
        p.octets[8 + i] = (uint8_t)((index | UINT32_C(1) << 31) >> (24 - 8 * i));
    return p;
}

static void judge(struct flow *f, struct packet p, uint64_t now_ms, enum flow_verdict want)
{
    enum flow_verdict have = flow_judge(f, packet_bytes(&p), now_ms);

    if (have != want)
        fail_msg("have %s, want %s", flow_verdict_text(have), flow_verdict_text(want));
}

static struct flow secured(bool video, uint64_t now_ms)
{
    struct flow_config config = { .video = video };
    struct flow f;

    flow_allow(&config, 111);
    flow_allow(&config, 96);
    flow_init(&f, &config, now_ms);
    judge(&f, finished(), now_ms, FLOW_PASS);
    flow_peer_secured(&f, now_ms);
    return f;
}

/* ---- The story -------------------------------------------------------------------------------------- */

static void test_phases(void **state)
{
    struct flow_config config = { .role = FLOW_ROLE_UNKNOWN };
    struct flow f;

    (void)state;
    flow_allow(&config, 111);
    flow_init(&f, &config, 1000);
    judge(&f, media(111, 1, 1, 60), 1000, FLOW_EARLY);
    judge(&f, report(1, 1), 1000, FLOW_EARLY);
    judge(&f, handshake("01"), 1000, FLOW_PASS); /* ClientHello */
    assert_int_equal(f.config.role, FLOW_CLIENT);
    judge(&f, handshake("02"), 1000, FLOW_ROLE);
    judge(&f, finished(), 1100, FLOW_PASS);
    assert_true(f.secured);
    judge(&f, media(111, 1, 1, 60), 1100, FLOW_EARLY); /* the peer has no keys yet */
    flow_peer_secured(&f, 1200);
    judge(&f, media(111, 1, 1, 60), 1200, FLOW_PASS);
    judge(&f, handshake("10"), 1200 + FLOW_HANDSHAKE_TAIL_MS, FLOW_PASS); /* sent again */
    judge(&f, handshake("10"), 1201 + FLOW_HANDSHAKE_TAIL_MS, FLOW_LATE);
    judge(&f, packet_of("15 fefd 0000 000000000009 0002 0100"), 9000, FLOW_PASS);
    judge(&f, packet_of("17 fefd 0001 000000000009 0010 00*29"), 9000, FLOW_APPLICATION);
}

static void test_signalled_role(void **state)
{
    struct flow_config config = { .role = FLOW_SERVER };
    struct flow f;

    (void)state;
    flow_init(&f, &config, 0);
    judge(&f, handshake("01"), 0, FLOW_ROLE);
    judge(&f, handshake("02"), 0, FLOW_PASS);
}

static void test_order(void **state)
{
    struct flow f = secured(true, 5000);

    (void)state;
    judge(&f, media(111, 1, 65000, 60), 5000, FLOW_PASS);
    judge(&f, media(111, 1, 64, 60), 5000, FLOW_PASS); /* 600 on, past the end of the numbers */
    judge(&f, media(111, 1, 63, 60), 5000, FLOW_PASS); /* late */
    judge(&f, media(111, 1, 64900, 60), 5000, FLOW_PASS);
    judge(&f, media(111, 1, 3064, 60), 5000, FLOW_JUMP);
    judge(&f, media(111, 1, 3066, 60), 5000, FLOW_JUMP);
    judge(&f, media(111, 1, 3067, 60), 5000, FLOW_PASS); /* it goes on from there */
    judge(&f, media(111, 1, 3068, 60), 5000, FLOW_PASS);
    judge(&f, media(111, 1, 30000, 60), 5000, FLOW_JUMP);
    judge(&f, media(111, 1, 3069, 60), 5000, FLOW_PASS); /* one stray number changes nothing */
    judge(&f, media(97, 1, 3070, 60), 5000, FLOW_PAYLOAD_TYPE);
    judge(&f, media(111 | 128, 1, 3070, 60), 5000, FLOW_PASS); /* marked */
}

static void test_sources(void **state)
{
    struct flow f = secured(true, 5000);

    (void)state;
    for (unsigned ssrc = 1; ssrc <= FLOW_SOURCES; ssrc++)
        judge(&f, media(111, ssrc, 1, 60), 5000, FLOW_PASS);
    judge(&f, media(111, 100, 1, 60), 5000, FLOW_SOURCE);
    judge(&f, report(100, 1), 5000, FLOW_SOURCE);
    judge(&f, media(111, 2, 2, 60), 6000, FLOW_PASS);
    judge(&f, media(111, 100, 1, 60), 5001 + FLOW_SOURCE_IDLE_MS,
          FLOW_PASS); /* in the place of 1 */
    judge(&f, media(111, 2, 3, 60), 5001 + FLOW_SOURCE_IDLE_MS, FLOW_PASS);
}

static void test_reports(void **state)
{
    struct flow f = secured(false, 5000);

    (void)state;
    judge(&f, report(1, 10), 5000, FLOW_PASS);
    judge(&f, report(1, 10), 5000, FLOW_REPLAY);
    judge(&f, report(1, 12), 5000, FLOW_PASS);
    judge(&f, report(1, 11), 5000, FLOW_PASS); /* the network changed their order */
    judge(&f, report(1, 11), 5000, FLOW_REPLAY);
    judge(&f, report(1, 76), 5000, FLOW_PASS);
    judge(&f, report(1, 12), 5000, FLOW_REPLAY); /* 64 behind: nobody can tell */
    judge(&f, report(1, 13), 5000, FLOW_PASS);
    judge(&f, report(1, 1000), 5000, FLOW_PASS);
    judge(&f, report(1, 76), 5000, FLOW_REPLAY);
    judge(&f, report(2, 10), 5000, FLOW_PASS);
}

static void test_rates(void **state)
{
    struct flow f = secured(false, 5000);
    unsigned sequence = 0, passed = 0;

    (void)state;
    for (; sequence < 500; sequence++) {
        struct packet p = media(111, 1, sequence, 60);

        passed += flow_judge(&f, packet_bytes(&p), 5000) == FLOW_PASS;
    }
    assert_int_equal(passed, 100); /* a second's worth of audio */
    judge(&f, media(111, 1, 100, 60), 5009, FLOW_RATE);
    judge(&f, media(111, 1, 100, 60), 5010, FLOW_PASS);

    f = secured(true, 5000);
    for (sequence = passed = 0; sequence < 500; sequence++) {
        struct packet p = media(96, 1, sequence, 1200);

        passed += flow_judge(&f, packet_bytes(&p), 5000) == FLOW_PASS;
    }
    assert_int_equal(passed, 416); /* 500,000 octets, less what the handshake took */
}

/* What does not pass changes nothing. */
static void test_grammar(void **state)
{
    struct flow f = secured(true, 5000);
    struct packet p = media(111, 1, 1, 60);

    (void)state;
    judge(&f, packet_of(""), 5000, FLOW_MALFORMED);
    judge(&f, packet_of("00010000 2112a442"), 5000, FLOW_MALFORMED);
    judge(&f, packet_of("50 00*40"), 5000, FLOW_MALFORMED); /* a TURN channel */
    judge(&f, media(111, 1, 1, 1473), 5000, FLOW_TOO_BIG);
    p.octets[0] = 0x9f;
    judge(&f, p, 5000, FLOW_MALFORMED);
    for (size_t i = 0; i < FLOW_SOURCES; i++)
        assert_false(f.sources[i].used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),  cmocka_unit_test(test_signalled_role),
        cmocka_unit_test(test_order),   cmocka_unit_test(test_sources),
        cmocka_unit_test(test_reports), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_grammar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
