/* test_rtcp.c: what we report is what the other side reads; lost packets are counted as RFC 3550 A.3 counts; reports cut anywhere. */
#include "test/unit/check.h"

#include <string.h>

#include "media/rtcp.h"

static void test_round_trip(void **state)
{
    struct sending s = { .ssrc = 1, .packets = 10, .octets = 800, .timestamp = 4800 };
    struct reception r = { .clock_hz = 48000 };
    struct rtcp_wish wish = { .whole_picture = true,
                              .with_fir = true,
                              .remb_bps = 1500000,
                              .nacks = { 65535, 0, 15, 16, 100 },
                              .nack_count = 5 };
    uint8_t packet[RTCP_PACKET_MAX];
    struct rtcp_news news;
    size_t n;

    (void)state;
    reception_packet(&r, 2, 65000, 0, 1000);
    n = rtcp_write(packet, &s, &r, &wish, 5000);
    assert_int_equal(rtcp_read_news(bytes_of(packet, n), 2, &news), ERR_NONE);
    assert_true(news.has_sr && news.has_report && news.whole_picture && !news.bye);
    assert_int_equal(news.sr_ssrc, 1);
    assert_int_equal(news.sr_middle, rtcp_middle_time(5000));
    assert_in_range(news.remb_bps, 1490000, 1500000);
    assert_int_equal(news.nack_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(news.nacks[i], wish.nacks[i]);
    /* To somebody else it says nothing. */
    assert_int_equal(rtcp_read_news(bytes_of(packet, n), 3, &news), ERR_NONE);
    assert_true(!news.has_report && !news.whole_picture && news.nack_count == 0);
    for (size_t cut = 1; cut < n; cut++)
        if (rtcp_read_news(bytes_of(packet, cut), 2, &news) == ERR_NONE)
            assert_int_equal(cut % 4, 0);
    n = rtcp_write_bye(packet, 1);
    assert_int_equal(rtcp_read_news(bytes_of(packet, n), 2, &news), ERR_NONE);
    assert_true(news.bye);
}

/* Each row: packets arrive, then a report is made. */
static const struct {
    uint16_t sequences[8];
    size_t count;
    uint32_t lost;
    uint8_t fraction;
} losses[] = {
    { { 65530, 65531, 65532, 65533 }, 4, 0, 0 },
    { { 65534, 0, 1, 2 }, 4, 1, 256 / 5 }, /* 65535 is missing, across the roll-over */
    { { 65535, 3, 4, 5 }, 4, 0, 0 },       /* it came late */
    { { 6, 6, 6, 8 }, 4, 0, 0 },           /* twice hides 7: RFC 3550 counts so */
    { { 20 }, 1, 10, 256 * 11 / 12 },
};

static void test_losses(void **state)
{
    struct reception r = { .clock_hz = 48000 };
    struct sending s = { .ssrc = 1 };
    struct rtcp_wish none = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(losses); i++) {
        uint8_t packet[RTCP_PACKET_MAX];
        struct rtcp_news news;
        size_t n;

        for (size_t k = 0; k < losses[i].count; k++)
            reception_packet(&r, 2, losses[i].sequences[k], 0, 1000);
        n = rtcp_write(packet, &s, &r, &none, 2000);
        assert_int_equal(rtcp_read_news(bytes_of(packet, n), 2, &news), ERR_NONE);
        assert_false(news.has_sr); /* nothing was sent: RR */
        assert_int_equal(reception_lost(&r), losses[i].lost);
        assert_int_equal(news.fraction_lost, losses[i].fraction);
    }
}

static void test_jitter(void **state)
{
    struct reception r = { .clock_hz = 48000 };

    (void)state;
    for (unsigned i = 0; i < 200; i++)
        reception_packet(&r, 2, (uint16_t)i, i * 960, 1000 + i * 20);
    assert_int_equal(reception_jitter_ms(&r), 0);
    for (unsigned i = 200; i < 400; i++)
        reception_packet(&r, 2, (uint16_t)i, i * 960, 1000 + i * 20 + i % 2 * 10);
    assert_in_range(reception_jitter_ms(&r), 9, 10);
}

static void test_round_trip_time(void **state)
{
    struct sending s = { .ssrc = 1, .packets = 1 };
    struct reception r = { .clock_hz = 48000 };
    struct rtcp_wish none = { 0 };
    uint8_t packet[RTCP_PACKET_MAX];
    struct rtcp_news news;
    size_t n;

    (void)state;
    reception_packet(&r, 2, 1, 0, 1000);
    r.last_sr = rtcp_middle_time(3000);
    r.last_sr_ms = 7000; /* by our own clock */
    n = rtcp_write(packet, &s, &r, &none, 7500);
    assert_int_equal(rtcp_read_news(bytes_of(packet, n), 2, &news), ERR_NONE);
    /* The other side receives it at its 3600: 100 ms on the way, 500 with us. */
    assert_in_range((uint64_t)(rtcp_middle_time(3600) - news.last_sr - news.delay_since_sr) * 1000
                        >> 16,
                    99, 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_round_trip_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
