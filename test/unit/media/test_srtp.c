/* test_srtp.c: RFC 3711's vectors; packets that were changed, repeated, reordered, cut; the roll-over of the sequence number. */
#include "test/unit/check.h"

#include <string.h>

#include "media/srtp.h"

/* RFC 3711 B.3 */
static const uint8_t key[SRTP_KEY] = { 0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0,
                                       0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39 };
static const uint8_t salt[SRTP_SALT] = { 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe,
                                         0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6 };

static const struct {
    uint8_t label;
    size_t n;
    uint8_t want[20];
} derivations[] = {
    { 0,
      16,
      { 0xc6, 0x1e, 0x7a, 0x93, 0x74, 0x4f, 0x39, 0xee, 0x10, 0x73, 0x4a, 0xfe, 0x3f, 0xf7, 0xa0,
        0x87 } },
    { 2,
      14,
      { 0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c, 0x85, 0xd4, 0x9d, 0xb3, 0x4a, 0x9a, 0xe1 } },
    { 1, 20, { 0xce, 0xbe, 0x32, 0x1f, 0x6f, 0xf7, 0x71, 0x6b, 0x6f, 0xd4,
               0xab, 0x49, 0xaf, 0x25, 0x6a, 0x15, 0x6d, 0x38, 0xba, 0xa4 } },
};

static void test_derivation(void **state)
{
    uint8_t have[20];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(derivations); i++) {
        srtp_derive(key, salt, derivations[i].label, have, derivations[i].n);
        assert_memory_equal(have, derivations[i].want, derivations[i].n);
    }
}

enum { CLEAR = 28, ROOM = 100 };

struct pair {
    struct srtp sender, receiver;
};

static void open_pair(struct pair *p)
{
    srtp_init(&p->sender, key, salt);
    srtp_init(&p->receiver, key, salt);
}

static void close_pair(struct pair *p)
{
    srtp_deinit(&p->sender);
    srtp_deinit(&p->receiver);
}

static size_t make_rtp(uint8_t out[ROOM], uint16_t sequence)
{
    static const uint8_t head[12] = { 0x80, 0x0f, 0x12, 0x34, 0xde, 0xca,
                                      0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe };

    memcpy(out, head, sizeof head);
    memset(out + sizeof head, 0xab, CLEAR - sizeof head);
    out[2] = (uint8_t)(sequence >> 8);
    out[3] = (uint8_t)sequence;
    return CLEAR;
}

static size_t seal(struct pair *p, uint8_t out[ROOM], uint16_t sequence)
{
    size_t n = make_rtp(out, sequence);

    assert_int_equal(srtp_seal_rtp(&p->sender, out, &n), ERR_NONE);
    return n;
}

static enum err open_copy(struct pair *p, const uint8_t *packet, size_t n, uint8_t out[ROOM])
{
    struct rtp_header h;
    enum err e;

    memcpy(out, packet, n);
    e = srtp_open_rtp(&p->receiver, out, &n, &h);
    if (e == ERR_NONE)
        assert_int_equal(n, CLEAR);
    return e;
}

static void test_whole_packet(void **state)
{
    static const uint8_t want[] = { 0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                    0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8,
                                    0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
                                    0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb };
    uint8_t packet[ROOM], back[ROOM], clear[ROOM];
    struct pair p;

    (void)state;
    open_pair(&p);
    assert_int_equal(seal(&p, packet, 0x1234), sizeof want);
    assert_memory_equal(packet, want, sizeof want);
    assert_int_equal(open_copy(&p, packet, sizeof want, back), ERR_NONE);
    assert_memory_equal(back, clear, make_rtp(clear, 0x1234));
    assert_int_equal(open_copy(&p, packet, sizeof want, back), ERR_DENIED); /* again */
    close_pair(&p);
}

static void test_changed_and_cut(void **state)
{
    uint8_t packet[ROOM], back[ROOM];
    struct pair p;
    size_t n;

    (void)state;
    open_pair(&p);
    n = seal(&p, packet, 7);
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            packet[i] ^= (uint8_t)(1 << bit);
            assert_int_not_equal(open_copy(&p, packet, n, back), ERR_NONE);
            packet[i] ^= (uint8_t)(1 << bit);
        }
    for (size_t cut = 0; cut < n; cut++)
        assert_int_not_equal(open_copy(&p, packet, cut, back), ERR_NONE);
    /* None of them has moved the window or taken a place. */
    for (size_t i = 0; i < SRTP_SOURCES; i++)
        assert_false(p.receiver.sources[i].used);
    assert_int_equal(open_copy(&p, packet, n, back), ERR_NONE);
    close_pair(&p);
}

/* Sent in order across the roll-over, received in this one. */
static void test_order(void **state)
{
    static const struct {
        unsigned at;
        enum err want;
    } rows[] = {
        { 0, ERR_NONE },    { 2, ERR_NONE },
        { 1, ERR_NONE },    { 1, ERR_DENIED },
        { 70, ERR_NONE },   { 7, ERR_NONE },
        { 6, ERR_DENIED },  /* left the window */ { 69, ERR_NONE },
        { 70, ERR_DENIED }, { 129, ERR_NONE },
    };
    static uint8_t packets[130][ROOM];
    uint8_t back[ROOM];
    struct pair p;
    size_t n = 0;

    (void)state;
    open_pair(&p);
    for (unsigned i = 0; i < COUNT_OF(packets); i++)
        n = seal(&p, packets[i], (uint16_t)(0xffe0 + i));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(open_copy(&p, packets[rows[i].at], n, back), rows[i].want);
    assert_int_equal(p.receiver.sources[0].roll_over, 1);
    close_pair(&p);
}

static void test_reports(void **state)
{
    uint8_t clear[ROOM] = { 0x80, 201, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8 }, packet[ROOM], again[ROOM];
    struct pair p;
    size_t n = 12, m;

    (void)state;
    open_pair(&p);
    memcpy(packet, clear, sizeof packet);
    assert_int_equal(srtp_seal_rtcp(&p.sender, packet, &n), ERR_NONE);
    assert_int_equal(n, 12 + SRTP_GROWTH);
    assert_memory_not_equal(packet + 8, clear + 8, 4);
    memcpy(again, packet, n);
    for (size_t i = 0; i < n; i++) {
        uint8_t changed[ROOM];

        memcpy(changed, packet, n);
        changed[i] ^= 0x80;
        m = n;
        assert_int_not_equal(srtp_open_rtcp(&p.receiver, changed, &m), ERR_NONE);
        m = i;
        memcpy(changed, packet, n);
        assert_int_not_equal(srtp_open_rtcp(&p.receiver, changed, &m), ERR_NONE);
    }
    m = n;
    assert_int_equal(srtp_open_rtcp(&p.receiver, packet, &m), ERR_NONE);
    assert_int_equal(m, 12);
    assert_memory_equal(packet, clear, 12);
    m = n;
    assert_int_equal(srtp_open_rtcp(&p.receiver, again, &m), ERR_DENIED);
    close_pair(&p);
}

static void test_too_many_sources(void **state)
{
    uint8_t packet[ROOM];
    struct pair p;

    (void)state;
    open_pair(&p);
    for (unsigned i = 0; i <= SRTP_SOURCES; i++) {
        size_t n = make_rtp(packet, 1);

        packet[11] = (uint8_t)i;
        assert_int_equal(srtp_seal_rtp(&p.sender, packet, &n),
                         i < SRTP_SOURCES ? ERR_NONE : ERR_FULL);
    }
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derivation),      cmocka_unit_test(test_whole_packet),
        cmocka_unit_test(test_changed_and_cut), cmocka_unit_test(test_order),
        cmocka_unit_test(test_reports),         cmocka_unit_test(test_too_many_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
