/* rtp.h: which protocol a datagram of a call is (RFC 7983), and the headers of SRTP and SRTCP, which are in clear (RFC 3711).
 *
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |        RTP
 *   |                           timestamp                           |
 *   |             SSRC, CC CSRCs, a header extension if X           |
 *   |             sealed: payload, then at least 10 octets of tag   |
 *
 *   |V=2|P|    RC   |   PT 200-207  |             length            |        RTCP: the first packet's header
 *   |                             SSRC                              |
 *   |    sealed: the rest; |E| SRTCP index, and a tag before or behind it   |
 *
 * Owns: nothing.  Threads: pure.  Units: octets.  Errors: ERR_MALFORMED, ERR_TOO_BIG.
 */
#ifndef SOTTO_RTP_RTP_H
#define SOTTO_RTP_RTP_H

#include "base/str.h"

enum {
    RTP_MAX = 1472, /* an Ethernet frame of IPv4: 1500 less 20 and 8. GStreamer sends 1410. */
    RTP_HEADER = 12,
    SRTP_TAG_MIN = 10, /* HMAC-SHA1-80; AES-GCM has 16 */
};

enum packet_kind { PACKET_OTHER, PACKET_STUN, PACKET_DTLS, PACKET_RTP, PACKET_RTCP };
enum packet_kind packet_kind(struct bytes datagram);

struct rtp_header {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    size_t size; /* with CSRCs and extension */
};
CHECKED enum err rtp_read(struct bytes packet, struct rtp_header *out);

struct rtcp_header {
    uint8_t type;   /* of the first packet */
    uint32_t ssrc;  /* of its sender */
    uint32_t index; /* of SRTCP: 31 bits, higher in each packet of this SSRC */
};
CHECKED enum err rtcp_read(struct bytes packet, struct rtcp_header *out);

#endif
