/* test_frame.c: packets on a stream, in any pieces; what is too long; what a connection took only in part. */
#include <string.h>

#include "rtp/frame.h"
#include "test/unit/check.h"

/* Frames of 3, 0, 1472, 1 octets; each octet of a packet says which it is of. */
static const size_t sizes[] = { 3, 0, RTP_MAX, 1 };

static size_t write_all(uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        frame_header(out + n, sizes[i]);
        memset(out + n + FRAME_HEADER, (int)i + 1, sizes[i]);
        n += FRAME_HEADER + sizes[i];
    }
    return n;
}

static void check_pieces(struct bytes all, size_t piece)
{
    struct frame_reader r = { 0 };
    size_t packets = 0;

    for (size_t at = 0; at < all.n; at += piece) {
        struct bytes in = bytes_of(all.p + at, piece < all.n - at ? piece : all.n - at), packet;
        enum frame_verdict v;

        while ((v = frame_next(&r, &in, &packet)) == FRAME_PACKET) {
            assert_int_equal(packet.n, sizes[packets]);
            for (size_t i = 0; i < packet.n; i++)
                assert_int_equal(packet.p[i], packets + 1);
            packets++;
        }
        assert_int_equal(v, FRAME_MORE);
        assert_int_equal(in.n, 0);
    }
    assert_int_equal(packets, COUNT_OF(sizes));
    assert_int_equal(r.held, 0);
}

static void test_pieces(void **state)
{
    uint8_t all[4 * FRAME_MAX];
    size_t n = write_all(all);

    (void)state;
    for (size_t piece = 1; piece <= n; piece++)
        check_pieces(bytes_of(all, n), piece);
}

static void test_too_long(void **state)
{
    static const uint8_t lengths[][FRAME_HEADER] = { { 0x05, 0xc1 }, { 0xff, 0xff } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t piece = 1; piece <= 2; piece++) {
            struct frame_reader r = { 0 };
            struct bytes in = bytes_of(lengths[i], piece), packet;
            enum frame_verdict v = frame_next(&r, &in, &packet);

            if (piece == 1) {
                assert_int_equal(v, FRAME_MORE);
                in = bytes_of(lengths[i] + 1, 1);
                v = frame_next(&r, &in, &packet);
            }
            assert_int_equal(v, FRAME_BROKEN);
        }
}

/* What was taken of a frame and what is kept of it are the frame. */
static void test_rest(void **state)
{
    uint8_t packet[100], whole[FRAME_HEADER + 100];

    (void)state;
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)i;
    frame_header(whole, sizeof packet);
    memcpy(whole + FRAME_HEADER, packet, sizeof packet);
    for (size_t taken = 0; taken < sizeof whole; taken++) {
        struct frame_writer w = { 0 };
        size_t at = taken;

        assert_false(frame_is_begun(&w));
        frame_keep(&w, bytes_of(packet, sizeof packet), taken);
        while (frame_is_begun(&w)) {
            struct bytes rest = frame_rest(&w);

            assert_int_equal(rest.n, sizeof whole - at);
            assert_memory_equal(rest.p, whole + at, rest.n);
            frame_taken(&w, 7);
            at += rest.n < 7 ? rest.n : 7;
        }
        assert_int_equal(at, sizeof whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
