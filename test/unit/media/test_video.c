/* test_video.c: VP8's descriptors; frames out of packets that come out of order, twice, late or not at all. */
#include "test/unit/check.h"

#include <string.h>

#include "media/video_in.h"

static const struct {
    uint8_t payload[8];
    size_t n;
    enum err err;
    bool begins;
    size_t data;
} pieces[] = {
    { { 0x10, 1 }, 2, ERR_NONE, true, 1 },
    { { 0x00, 1 }, 2, ERR_NONE, false, 1 },
    { { 0x11, 1 }, 2, ERR_NONE, false, 1 },               /* another partition */
    { { 0x90, 0x80, 0x05, 1, 2 }, 5, ERR_NONE, true, 2 }, /* a short picture id */
    { { 0x90, 0x80, 0x85, 0x01, 1 }, 5, ERR_NONE, true, 1 },
    { { 0x90, 0xf0, 0x85, 0x01, 7, 7, 1 }, 7, ERR_NONE, true, 1 },
    { { 0x90, 0x80, 0x85, 0x01 }, 4, ERR_MALFORMED, false, 0 }, /* nothing behind it */
    { { 0x90 }, 1, ERR_MALFORMED, false, 0 },
    { { 0x10 }, 1, ERR_MALFORMED, false, 0 },
    { { 0 }, 0, ERR_MALFORMED, false, 0 },
};

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        struct vp8_piece p;

        assert_int_equal(vp8_read_piece(bytes_of(pieces[i].payload, pieces[i].n), &p),
                         pieces[i].err);
        if (pieces[i].err == ERR_NONE) {
            assert_int_equal(p.begins, pieces[i].begins);
            assert_int_equal(p.data.n, pieces[i].data);
        }
    }
}

/* Frame f is two packets, 2f and 2f + 1; every fifth is whole. */
static void push(struct video_in *v, unsigned packet, uint64_t now_ms)
{
    static const uint8_t whole[] = { 0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01 };
    static const uint8_t part[] = { 0x10, 0x01, 0, 0, 9 }, rest[] = { 0x00, 1, 2, 3 };
    unsigned frame = packet / 2;
    struct rtp_header h = { .marker = packet % 2 == 1,
                            .sequence = (uint16_t)(65530 + packet),
                            .timestamp = frame * 3000 };
    struct bytes payload = packet % 2 == 1  ? bytes_of(rest, sizeof rest)
                           : frame % 5 == 0 ? bytes_of(whole, sizeof whole)
                                            : bytes_of(part, sizeof part);

    video_in_packet(v, &h, payload, now_ms);
}

static const struct {
    const char *name;
    int order[24]; /* of packets; -1: 300 ms pass; -2: the end */
    unsigned frames, whole;
    bool wants;
} ways[] = {
    { "in order", { 0, 1, 2, 3, 4, 5, -2 }, 3, 1, false },
    { "twice", { 0, 0, 1, 1, 2, 2, 3, 3, 0, -2 }, 2, 1, false },
    { "out of order", { 0, 3, 1, 2, 5, 4, -2 }, 3, 1, false },
    { "from a second half on", { 1, 0, 3, 2, 5, 4, -2 }, 0, 0, true },
    { "a late one", { 0, 1, 2, 4, 5, 3, -2 }, 3, 1, false },
    { "one that never comes", { 0, 1, 2, 4, 5, -1, -2 }, 1, 1, true },
    { "and then a whole one", { 0, 1, 2, 4, 5, -1, 10, 11, 12, 13, -1, -2 }, 3, 2, false },
    { "no whole one yet", { 2, 3, 4, 5, -2 }, 0, 0, true },
};

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct video_frame frame;
        uint64_t now_ms = 1000;
        struct video_in v;

        video_in_init(&v);
        for (const int *at = ways[i].order; *at != -2; at++) {
            now_ms += *at == -1 ? 300 : 1;
            if (*at >= 0)
                push(&v, (unsigned)*at, now_ms);
            while (video_in_next(&v, now_ms, &frame))
                assert_int_equal(frame.data.n, 3 + (frame.head.whole ? 10u : 4u));
        }
        if (v.frames != ways[i].frames || v.whole_frames != ways[i].whole
            || v.wants_whole != ways[i].wants)
            fail_msg("%s: %u frames, %u whole, wants %d", ways[i].name, (unsigned)v.frames,
                     (unsigned)v.whole_frames, v.wants_whole);
        video_in_deinit(&v);
    }
}

static void test_asks(void **state)
{
    struct rtcp_wish wish = { 0 };
    struct video_frame frame;
    struct video_in v;

    (void)state;
    video_in_init(&v);
    assert_false(video_in_wish(&v, true, 1000, &wish)); /* nothing came yet: nobody to ask */
    push(&v, 0, 1000);
    push(&v, 1, 1000);
    push(&v, 5, 1000);
    assert_true(video_in_next(&v, 1000, &frame));
    assert_false(video_in_next(&v, 1000, &frame));
    assert_true(video_in_wish(&v, true, 1050, &wish));
    assert_int_equal(wish.nack_count, 3);
    assert_int_equal(wish.nacks[0], (uint16_t)(65530 + 2));
    assert_false(wish.whole_picture);
    wish = (struct rtcp_wish){ 0 };
    assert_false(video_in_wish(&v, true, 1060, &wish)); /* not at once again */
    assert_false(video_in_wish(&v, false, 1200, &wish));
    assert_false(video_in_next(&v, 1300, &frame)); /* patience is over */
    assert_true(video_in_wish(&v, false, 1700, &wish));
    assert_true(wish.whole_picture);
    video_in_deinit(&v);
}

/* A frame without end is broken off, and does not grow for ever. */
static void test_endless_frame(void **state)
{
    uint8_t piece[1200] = { 0x00 };
    struct video_frame frame;
    struct video_in v;

    (void)state;
    video_in_init(&v);
    push(&v, 0, 1000);
    for (unsigned i = 1; i < 2000; i++) {
        struct rtp_header h = { .sequence = (uint16_t)(65530 + i) };

        video_in_packet(&v, &h, bytes_of(piece, sizeof piece), 1000);
        assert_false(video_in_next(&v, 1000, &frame));
        assert_in_range(v.frame.n, 0, VIDEO_FRAME_MAX);
    }
    assert_true(v.wants_whole);
    video_in_deinit(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_asks),
        cmocka_unit_test(test_endless_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
