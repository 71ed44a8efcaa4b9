/* rtp.c: telling protocols apart; SRTP and SRTCP. */
#include "rtp/rtp.h"

#include "base/reader.h"

enum { VERSION = 2, RTCP_FIRST = 192, RTCP_LAST = 223 };

enum packet_kind packet_kind(struct bytes datagram)
{
    uint8_t first;

    if (datagram.n < 2)
        return PACKET_OTHER;
    first = datagram.p[0];
    if (first <= 3)
        return PACKET_STUN;
    if (first >= 20 && first <= 63)
        return PACKET_DTLS;
    if (first < 128 || first > 191)
        return PACKET_OTHER;
    /* RFC 5761 §4: payload types that would be these with the marker bit are not given to RTP. */
    return datagram.p[1] >= RTCP_FIRST && datagram.p[1] <= RTCP_LAST ? PACKET_RTCP : PACKET_RTP;
}

/* ---- Header extensions (RFC 8285), which their receiver reads before it can know who sent them -------- */

enum { ONE_BYTE = 0xbede, TWO_BYTES = 0x1000, TWO_BYTES_MASK = 0xfff0, ONE_BYTE_END = 15 };

static enum err read_one_byte(struct reader elements)
{
    while (elements.left.n > 0) {
        unsigned head = read_u8(&elements);

        if (head == 0)
            continue; /* padding */
        if (head >> 4 == ONE_BYTE_END)
            return ERR_NONE; /* §4.2: what follows is not read */
        if (head >> 4 == 0)
            return ERR_MALFORMED;
        read_bytes(&elements, (head & 15) + 1);
        if (elements.failed)
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

static enum err read_two_bytes(struct reader elements)
{
    while (elements.left.n > 0) {
        if (read_u8(&elements) == 0)
            continue;
        read_bytes(&elements, read_u8(&elements));
        if (elements.failed)
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

static enum err read_extension(struct reader *r)
{
    unsigned profile = read_u16(r), words = read_u16(r);
    struct bytes elements = read_bytes(r, (size_t)words * 4);

    if (r->failed)
        return ERR_MALFORMED;
    if (profile == ONE_BYTE)
        return read_one_byte(reader_of(elements));
    if ((profile & TWO_BYTES_MASK) == TWO_BYTES)
        return read_two_bytes(reader_of(elements));
    return ERR_MALFORMED;
}

/* ---- RTP -------------------------------------------------------------------------------------------- */

enum err rtp_read(struct bytes packet, struct rtp_header *out)
{
    struct reader r = reader_of(packet);
    struct rtp_header h = { 0 };
    unsigned first = read_u8(&r), second = read_u8(&r);

    h.marker = second >> 7 != 0;
    h.payload_type = second & 127;
    h.sequence = read_u16(&r);
    h.timestamp = read_u32(&r);
    h.ssrc = read_u32(&r);
    read_bytes(&r, (size_t)(first & 15) * 4);
    if (r.failed || first >> 6 != VERSION)
        return ERR_MALFORMED;
    if (packet.n > RTP_MAX)
        return ERR_TOO_BIG;
    if ((first & 0x10) != 0 && read_extension(&r) != ERR_NONE)
        return ERR_MALFORMED;
    h.size = packet.n - r.left.n;
    if (r.left.n < SRTP_TAG_MIN)
        return ERR_MALFORMED;
    *out = h;
    return ERR_NONE;
}

/* ---- RTCP ------------------------------------------------------------------------------------------- */

enum {
    RTCP_HEADER = 8,
    RTCP_SENDER_REPORT = 200,
    RTCP_RECEIVER_REPORT = 201,
    RTCP_TYPE_MAX = 207,
    SENDER_INFO = 20,
    REPORT = 24,
    INDEX = 4,
    TAG_80 = 10, /* HMAC-SHA1, behind the index: RFC 3711 §3.4 */
    TAG_GCM = 16 /* in front of the index: RFC 7714 §9.2 */
};

/* RTCP packets are whole words, so what is left over tells which of the two forms it is. False: neither. */
static bool find_index(struct bytes packet, size_t *out_at, size_t *out_words_end)
{
    size_t trailer = packet.n % 4 == 2 ? INDEX + TAG_80 : TAG_GCM + INDEX;

    if (packet.n % 2 != 0 || packet.n < RTCP_HEADER + trailer)
        return false;
    *out_words_end = packet.n - trailer;
    *out_at = packet.n % 4 == 2 ? *out_words_end : packet.n - INDEX;
    return true;
}

/* How long the first packet has to be for as many reports as it counts. */
static size_t least_size(unsigned type, unsigned count)
{
    if (type == RTCP_SENDER_REPORT)
        return RTCP_HEADER + SENDER_INFO + (size_t)count * REPORT;
    if (type == RTCP_RECEIVER_REPORT)
        return RTCP_HEADER + (size_t)count * REPORT;
    return RTCP_HEADER;
}

enum err rtcp_read(struct bytes packet, struct rtcp_header *out)
{
    struct reader r = reader_of(packet), trailer;
    struct rtcp_header h = { 0 };
    unsigned first = read_u8(&r);
    size_t size, at, end;
    uint32_t index;

    h.type = read_u8(&r);
    size = ((size_t)read_u16(&r) + 1) * 4;
    h.ssrc = read_u32(&r);
    if (r.failed || first >> 6 != VERSION || h.type < RTCP_SENDER_REPORT || h.type > RTCP_TYPE_MAX
        || !find_index(packet, &at, &end))
        return ERR_MALFORMED;
    if (packet.n > RTP_MAX)
        return ERR_TOO_BIG;
    if (size > end || size < least_size(h.type, first & 31))
        return ERR_MALFORMED;
    trailer = reader_of(bytes_of(packet.p + at, INDEX));
    index = read_u32(&trailer);
    if (index >> 31 == 0)
        return ERR_MALFORMED; /* E: not encrypted, which no call asks for */
    h.index = index & INT32_MAX;
    *out = h;
    return ERR_NONE;
}
