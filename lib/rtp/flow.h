/* flow.h: what one party of an accepted call sends, judged packet by packet without its keys.
 *
 * What passes is whole, of the protocols that the call agreed on, in the order of a call (a handshake, then media), from few sources,
 * and not more than such a call needs. What is sealed in it nobody here can judge: that is what the receiver's sandbox is for.
 *
 *   both sides handshake --(both have sent with keys)--> media; a few seconds later no handshake passes any more
 *
 * Owns: nothing.  Threads: one at a time.  Units: octets, milliseconds of a clock that never goes back.
 */
#ifndef SOTTO_RTP_FLOW_H
#define SOTTO_RTP_FLOW_H

#include "rtp/rtp.h"

enum {
    FLOW_SOURCES = 8, /* SSRCs at the same time: audio, video, their retransmission and more */
    FLOW_SOURCE_IDLE_MS = 30000,   /* then another may have its place */
    FLOW_HANDSHAKE_TAIL_MS = 5000, /* a lost last flight is sent again: RFC 6347 §4.2.4 */
    FLOW_DROPOUT = 3000,           /* RFC 3550 A.1 */
    FLOW_MISORDER = 1000, /* more than there: packets that were asked for again come late */
};

enum flow_verdict {
    FLOW_PASS,
    FLOW_MALFORMED,
    FLOW_TOO_BIG,
    FLOW_ROLE,        /* the other side of the handshake speaks so */
    FLOW_EARLY,       /* media before both sides have keys */
    FLOW_LATE,        /* a handshake in clear long after that */
    FLOW_APPLICATION, /* no data channel was agreed on */
    FLOW_PAYLOAD_TYPE,
    FLOW_SOURCE, /* one too many */
    FLOW_JUMP,
    FLOW_REPLAY,
    FLOW_RATE,
    FLOW_VERDICTS,
};
const char *flow_verdict_text(enum flow_verdict v); /* a constant word for counters */

enum flow_role { FLOW_ROLE_UNKNOWN, FLOW_CLIENT, FLOW_SERVER }; /* of DTLS: RFC 5763 §5 */

struct flow_config {
    enum flow_role role;       /* unknown: what the first flight shows */
    bool video;                /* else audio alone, which needs less */
    uint8_t payload_types[16]; /* a bit for each that was agreed on */
};

struct flow_bucket {
    uint32_t level; /* thousandths */
    uint32_t at_ms; /* of which only differences are used */
};

struct flow_source {
    uint32_t ssrc;
    bool used, has_media, has_report, jumped;
    uint16_t highest, restart; /* of RTP; where it would go on after a jump: RFC 3550 A.1 */
    uint32_t index;            /* of SRTCP */
    uint64_t window;           /* which of the 64 up to it have come */
    uint64_t seen_ms;
};

struct flow {
    struct flow_config config;
    bool secured;             /* has sent with keys */
    uint64_t peer_secured_ms; /* 0: not yet */
    uint64_t both_secured_ms; /* 0: not yet */
    struct flow_source sources[FLOW_SOURCES];
    struct flow_bucket octets, media, reports, handshakes;
};

void flow_init(struct flow *f, const struct flow_config *config, uint64_t now_ms);
/* Anything but STUN, which is for ICE to judge. */
enum flow_verdict flow_judge(struct flow *f, struct bytes packet, uint64_t now_ms);
/* The other direction has sent with keys; to be called as soon as `secured` of that flow is true. */
void flow_peer_secured(struct flow *f, uint64_t now_ms);

static inline void flow_allow(struct flow_config *c, unsigned payload_type)
{
    c->payload_types[payload_type / 8 & 15] |= (uint8_t)(1u << payload_type % 8);
}

#endif
