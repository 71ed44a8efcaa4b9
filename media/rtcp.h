/* rtcp.h: the reports of a call (RFC 3550 §6, RFC 4585, RFC 5104; REMB): what we say and what we listen to, and the counting behind it.
 *
 * A compound packet of ours: SR or RR, then SDES with a CNAME that is the same for everybody, then feedback.
 * Owns: nothing.  Threads: pure.  Units: milliseconds; clock ticks of the stream; octets.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_MEDIA_RTCP_H
#define SOTTO_MEDIA_RTCP_H

#include "base/str.h"

enum { RTCP_PACKET_MAX = 400, RTCP_NACKS = 32 };

/* How one source of the other side arrives: RFC 3550 A.1, A.3, A.8. */
struct reception {
    bool started;
    uint32_t ssrc, clock_hz;
    uint32_t highest; /* extended sequence number */
    uint32_t base;
    uint32_t received;
    uint32_t expected_before, received_before; /* at the last report */
    int64_t transit;
    uint32_t jitter16; /* times 16, in ticks */
    uint32_t last_sr;  /* the middle of the NTP time of the last SR */
    uint64_t last_sr_ms;
};

void reception_packet(struct reception *r, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                      uint64_t now_ms);
uint32_t reception_lost(const struct reception *r);
uint32_t reception_jitter_ms(const struct reception *r);

/* What we send: for SR. */
struct sending {
    uint32_t ssrc;
    uint32_t packets, octets;
    uint32_t timestamp; /* of now */
};

struct rtcp_wish {      /* feedback of ours */
    bool whole_picture; /* PLI */
    bool with_fir;
    uint8_t fir_number;
    uint32_t remb_bps; /* 0: none */
    uint16_t nacks[RTCP_NACKS];
    size_t nack_count;
};

/* `reception` is reported on once it has started; the fraction lost counts from one call to the next. */
size_t rtcp_write(uint8_t out[RTCP_PACKET_MAX], const struct sending *s, struct reception *r,
                  const struct rtcp_wish *wish, uint64_t now_ms);
/* Ends the stream: RFC 3550 §6.6. */
size_t rtcp_write_bye(uint8_t out[RTCP_PACKET_MAX], uint32_t ssrc);

/* What the other side's compound packet says of ours. */
struct rtcp_news {
    bool has_report, whole_picture, bye;
    uint8_t fraction_lost;            /* of 256 */
    uint32_t last_sr, delay_since_sr; /* for the round trip: in 1/65536 s */
    bool has_sr;
    uint32_t sr_ssrc, sr_middle;
    uint64_t remb_bps; /* 0: none */
    uint16_t nacks[RTCP_NACKS];
    size_t nack_count;
};
CHECKED enum err rtcp_read_news(struct bytes packet, uint32_t own_ssrc, struct rtcp_news *out);
/* The middle 32 bits of the NTP time that our reports carry at this moment; it counts from the call's beginning, so that it tells
 * nobody how the clock of this machine stands. */
uint32_t rtcp_middle_time(uint64_t now_ms);

#endif
