/* test_rtp.c: which protocol a datagram is, and the headers of SRTP and SRTCP: whole, cut, and lying about their lengths. */
#include "test/unit/rtp/packets.h"

#include "rtp/rtp.h"

static void test_kinds(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++) {
            uint8_t octets[] = { (uint8_t)first, (uint8_t)second };
            enum packet_kind want = PACKET_OTHER; /* RFC 7983 §7 */

            if (first <= 3)
                want = PACKET_STUN;
            else if (first >= 20 && first <= 63)
                want = PACKET_DTLS;
            else if (first >= 128 && first <= 191)
                want = second >= 192 && second <= 223 ? PACKET_RTCP : PACKET_RTP;
            assert_int_equal(packet_kind(bytes_of(octets, sizeof octets)), want);
            assert_int_equal(packet_kind(bytes_of(octets, 1)), PACKET_OTHER);
        }
}

#define FIXED                                                                                      \
    "6f 0102 03040506 11223344 " /* payload type 111 without marker, sequence, timestamp, SSRC */
#define TAG "aabbccddeeff00112233"

static const struct {
    const char *what, *hex;
    enum err err;
    size_t size;
} rtp_cases[] = {
    { "the least", "80" FIXED TAG, ERR_NONE, 12 },
    { "a payload", "80" FIXED "0102030405" TAG, ERR_NONE, 12 },
    { "nothing", "", ERR_MALFORMED, 0 },
    { "no room for a tag", "80" FIXED "aabbccddeeff001122", ERR_MALFORMED, 0 },
    { "version 1", "40" FIXED TAG, ERR_MALFORMED, 0 },
    { "two CSRCs", "82" FIXED "0000000100000002" TAG, ERR_NONE, 20 },
    { "CSRCs past the end", "8f" FIXED TAG, ERR_MALFORMED, 0 },
    { "an extension", "90" FIXED "bede 0001 10aa0000" TAG, ERR_NONE, 20 },
    { "an empty extension", "90" FIXED "bede 0000" TAG, ERR_NONE, 16 },
    { "an extension past the end", "90" FIXED "bede 0009 10aa0000" TAG, ERR_MALFORMED, 0 },
    { "an extension without its header", "90" FIXED "bede", ERR_MALFORMED, 0 },
    { "an element past its extension", "90" FIXED "bede 0001 1faa0000" TAG, ERR_MALFORMED, 0 },
    { "an element without id", "90" FIXED "bede 0001 01aa0000" TAG, ERR_MALFORMED, 0 },
    { "an element that ends reading", "90" FIXED "bede 0001 f0aa0000" TAG, ERR_NONE, 20 },
    { "elements of two octets", "90" FIXED "1000 0002 0102aabb 03000000" TAG, ERR_NONE, 24 },
    { "a long element past its extension", "90" FIXED "1000 0001 0103aabb" TAG, ERR_MALFORMED, 0 },
    { "an extension of another kind", "90" FIXED "abcd 0001 00000000" TAG, ERR_MALFORMED, 0 },
    { "1472 octets", "80" FIXED "00*1472", ERR_NONE, 12 },
    { "1473 octets", "80" FIXED "00*1473", ERR_TOO_BIG, 0 },
};

static void test_rtp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rtp_cases / sizeof *rtp_cases; i++) {
        struct packet p = packet_of(rtp_cases[i].hex);
        struct rtp_header h;

        check_err(rtp_cases[i].what, rtp_read(packet_bytes(&p), &h), rtp_cases[i].err);
        if (rtp_cases[i].err != ERR_NONE)
            continue;
        assert_int_equal(h.size, rtp_cases[i].size);
        assert_int_equal(h.payload_type, 111);
        assert_int_equal(h.sequence, 0x0102);
        assert_int_equal(h.timestamp, 0x03040506);
        assert_int_equal(h.ssrc, 0x11223344);
        assert_false(h.marker);
    }
}

#define RR0   "80c90001 11223344 "
#define INDEX " 80000007 "

static const struct {
    const char *what, *hex;
    enum err err;
} rtcp_cases[] = {
    { "an empty receiver report", RR0 INDEX TAG, ERR_NONE },
    { "with AES-GCM", RR0 TAG "445566778899" INDEX, ERR_NONE },
    { "more, sealed", RR0 "0000000000000000" INDEX TAG, ERR_NONE },
    { "a sender report", "80c80006 11223344 00*28" INDEX TAG, ERR_NONE },
    { "a sender report that is too short", "80c80005 11223344 00*24" INDEX TAG, ERR_MALFORMED },
    { "a receiver report with a block", "81c90007 11223344 00*32" INDEX TAG, ERR_NONE },
    { "a receiver report that counts too many", "82c90007 11223344 00*32" INDEX TAG,
      ERR_MALFORMED },
    { "feedback", "8fce0002 11223344 00000000" INDEX TAG, ERR_NONE },
    { "nothing", "", ERR_MALFORMED },
    { "no index", RR0 TAG, ERR_MALFORMED },
    { "not encrypted", RR0 "00000007" TAG, ERR_MALFORMED },
    { "version 1", "40c90001 11223344" INDEX TAG, ERR_MALFORMED },
    { "type 199", "80c70001 11223344" INDEX TAG, ERR_MALFORMED },
    { "type 208", "80d00001 11223344" INDEX TAG, ERR_MALFORMED },
    { "a length past the index", "80c90002 11223344" INDEX TAG, ERR_MALFORMED },
    { "a length of nothing", "80c90000 11223344" INDEX TAG, ERR_MALFORMED },
    { "an odd number of octets", RR0 INDEX TAG "00", ERR_MALFORMED },
    { "more than fits a datagram", "80c90001 11223344 00*1470" INDEX, ERR_TOO_BIG },
};

static void test_rtcp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rtcp_cases / sizeof *rtcp_cases; i++) {
        struct packet p = packet_of(rtcp_cases[i].hex);
        struct rtcp_header h;

        check_err(rtcp_cases[i].what, rtcp_read(packet_bytes(&p), &h), rtcp_cases[i].err);
        if (rtcp_cases[i].err != ERR_NONE)
            continue;
        assert_int_equal(h.ssrc, 0x11223344);
        assert_int_equal(h.index, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_rtp),
        cmocka_unit_test(test_rtcp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
