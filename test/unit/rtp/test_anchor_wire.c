/* test_anchor_wire.c: what is written reads back the same; what is short, long or out of range is no datagram. */
#include <string.h>

#include "rtp/anchor_wire.h"
#include "test/unit/rtp/packets.h"

#define UFRAG "abcdefghABCDEF+/"
#define PWD   "0123456789abcdef01234567"

static const struct anchor_order orders[] = {
    { .kind = ANCHOR_CALL, .call = 1 },
    { .kind = ANCHOR_LEG,
      .call = 0x1122334455667788,
      .side = ANCHOR_CALLEE,
      .transport = 1,
      .ufrag = STR_INIT(UFRAG),
      .pwd = STR_INIT(PWD),
      .two_components = true,
      .owner = 0x99aabbccddeeff00 },
    { .kind = ANCHOR_CLIENT,
      .call = 7,
      .ufrag = STR_INIT("Zz09"),
      .pwd = STR_INIT("abcdefghijklmnopqrstuv"),
      .controlling = true,
      .flow = { .role = FLOW_SERVER, .video = true, .payload_types = { 1, [15] = 128 } } },
    { .kind = ANCHOR_CLIENT,
      .call = UINT64_MAX,
      .side = ANCHOR_CALLEE,
      .ufrag = STR_INIT("Zz09"),
      .pwd = STR_INIT("abcdefghijklmnopqrstuv"),
      .flow = { .role = FLOW_CLIENT } },
    { .kind = ANCHOR_GATE, .call = 9, .open = true },
    { .kind = ANCHOR_GATE, .call = 9 },
    { .kind = ANCHOR_END, .call = 9 },
    { .kind = ANCHOR_SYNCED },
    { .kind = ANCHOR_STREAM, .peer = { .ip = { 192, 0, 2, 9 }, .port = 40000 } },
    { .kind = ANCHOR_STREAM, .peer = { true, { 0x20, 1, [15] = 9 }, 443 }, .owner = 7 },
    { .kind = ANCHOR_REACH,
      .call = 9,
      .side = ANCHOR_CALLEE,
      .transport = 1,
      .place = 7,
      .peer = { true, { 0x20, 1, [15] = 9 }, 3478 } },
};

static void check_order(const struct anchor_order *have, const struct anchor_order *want)
{
    assert_int_equal(have->kind, want->kind);
    assert_int_equal(have->call, want->call);
    assert_int_equal(have->side, want->side);
    assert_int_equal(have->transport, want->transport);
    assert_true(str_eq(have->ufrag, want->ufrag) && str_eq(have->pwd, want->pwd));
    assert_int_equal(have->controlling, want->controlling);
    assert_int_equal(have->two_components, want->two_components);
    assert_int_equal(have->open, want->open);
    assert_int_equal(have->owner, want->owner);
    assert_int_equal(have->peer.is_v6, want->peer.is_v6);
    assert_int_equal(have->peer.port, want->peer.port);
    assert_memory_equal(have->peer.ip, want->peer.ip, 16);
    assert_int_equal(have->place, want->place);
    assert_int_equal(have->flow.role, want->flow.role);
    assert_int_equal(have->flow.video, want->flow.video);
    assert_memory_equal(have->flow.payload_types, want->flow.payload_types, 16);
}

static void test_orders(void **state)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX + 1];
    struct anchor_order back;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        size_t n = anchor_write_order(room, &orders[i]);

        check_err("order", anchor_read_order(bytes_of(room, n), &back), ERR_NONE);
        check_order(&back, &orders[i]);
        room[n] = 0;
        check_err("longer", anchor_read_order(bytes_of(room, n + 1), &back), ERR_MALFORMED);
        while (n-- > 0)
            check_err("cut", anchor_read_order(bytes_of(room, n), &back), ERR_MALFORMED);
    }
}

static void test_refused_orders(void **state)
{
    static const struct {
        const char *what, *hex;
    } cases[] = {
        { "kind", "08" },
        { "a stream's flag", "06 02 00*10 0000 0000000000000000" },
        { "call 0", "00 0000000000000000" },
        { "gate", "03 0000000000000001 02" },
        { "side", "02 0000000000000001 02 00 00 00*28 0004 41414141 0016 41*56" },
        { "transport", "02 0000000000000001 00 02 00 00*28 0004 41414141 0016 41*56" },
        { "unknown flag", "02 0000000000000001 00 00 20 00*28 0004 41414141 0016 41*56" },
        { "both roles", "02 0000000000000001 00 00 18 00*28 0004 41414141 0016 41*56" },
        { "components", "02 0000000000000001 00 00 02 00*28 0004 41414141 0016 41*56" },
        { "short ufrag", "02 0000000000000001 00 00 00 00*28 0003 414141 0016 41*55" },
        { "short pwd", "02 0000000000000001 00 00 00 00*28 0004 41414141 0015 41*55" },
        { "a colon", "02 0000000000000001 00 00 00 00*28 0004 41413a41 0016 41*56" },
        { "leg's ufrag", "01 0000000000000001 00 00 00 000f 41*28 0018 41*54 00*8" },
        { "leg's flag", "01 0000000000000001 00 00 01 0010 41*29 0018 41*55 00*8" },
    };
    struct anchor_order out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct packet p = packet_of(cases[i].hex);

        check_err(cases[i].what, anchor_read_order(packet_bytes(&p), &out), ERR_MALFORMED);
    }
}

static void test_reports(void **state)
{
    struct anchor_report reports[] = {
        { .kind = ANCHOR_READY },
        { .kind = ANCHOR_READY,
          .place_count = 2,
          .places = { { { false, { 192, 0, 2, 1 }, 3478 }, false },
                      { { true, { 0x20, 1, [15] = 9 }, 443 }, true } } },
        { .kind = ANCHOR_FLOWS, .call = 5 },
        { .kind = ANCHOR_SILENT, .call = 5, .side = ANCHOR_CALLEE },
        { .kind = ANCHOR_DROPPED, .counts = { [0] = UINT32_MAX, [ANCHOR_DROPS - 1] = 2 } },
        { .kind = ANCHOR_TOTALS, .totals = { UINT64_MAX, [ANCHOR_TOTAL_COUNT - 1] = 3 } },
    };
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    struct anchor_report back;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        const struct anchor_report *want = &reports[i];
        size_t n = anchor_write_report(room, want);

        check_err("report", anchor_read_report(bytes_of(room, n), &back), ERR_NONE);
        assert_int_equal(back.kind, want->kind);
        assert_int_equal(back.call, want->call);
        assert_int_equal(back.side, want->side);
        assert_int_equal(back.place_count, want->place_count);
        for (size_t j = 0; j < want->place_count; j++) {
            assert_int_equal(back.places[j].tcp, want->places[j].tcp);
            assert_int_equal(back.places[j].address.is_v6, want->places[j].address.is_v6);
            assert_int_equal(back.places[j].address.port, want->places[j].address.port);
            assert_memory_equal(back.places[j].address.ip, want->places[j].address.ip, 16);
        }
        assert_memory_equal(back.counts, want->counts, sizeof back.counts);
        assert_memory_equal(back.totals, want->totals, sizeof back.totals);
        if (want->kind != ANCHOR_READY) { /* a READY with fewer places is one, too */
            while (n-- > 0)
                check_err("cut", anchor_read_report(bytes_of(room, n), &back), ERR_MALFORMED);
        }
    }
}

static void test_drops_have_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ANCHOR_DROPS; i++) {
        assert_non_null(anchor_drop_text(i));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(anchor_drop_text(i), anchor_drop_text(j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_refused_orders),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_drops_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
