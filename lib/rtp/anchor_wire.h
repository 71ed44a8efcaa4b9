/* anchor_wire.h: what the server tells the anchor, and what it hears from it: one datagram of a local socket each.
 *
 *   server --CALL, LEG, CLIENT, GATE, END, SYNCED, STREAM--> anchor          anchor --READY, FLOWS, SILENT, DROPPED, TOTALS--> server
 *
 * The server makes every credential itself: it can write a session-initiate without asking, and an anchor that was started anew is
 * told the same again, so that running calls find it. The anchor knows of a call its number, and neither accounts nor words.
 *
 * Owns: nothing; texts of what was read borrow the datagram.  Threads: pure.  Units: octets, milliseconds.
 * Errors: ERR_MALFORMED: no such datagram; the other side is broken or taken over, and is to be done away with.
 */
#ifndef SOTTO_RTP_ANCHOR_WIRE_H
#define SOTTO_RTP_ANCHOR_WIRE_H

#include "rtp/flow.h"
#include "rtp/stun.h"

enum {
    ANCHOR_DATAGRAM_MAX = 2048,
    ANCHOR_TRANSPORTS = 2, /* of a leg: one for all contents of a bundle, else one for each */
    ANCHOR_PLACES = 8,
    ANCHOR_UFRAG = 16,            /* characters of ours: 96 bits */
    ANCHOR_PWD = 24,              /* 144 bits */
    ANCHOR_ORPHAN_MS = 60 * 1000, /* calls go on while the server returns */
};

enum anchor_side { ANCHOR_CALLER, ANCHOR_CALLEE };

enum anchor_order_kind {
    ANCHOR_CALL, /* there is such a call; its gate is shut */
    ANCHOR_LEG,  /* our credentials of a transport, or new ones of it: the old stay good for 30 s */
    ANCHOR_CLIENT, /* theirs, and what they may send */
    ANCHOR_GATE,   /* open or shut */
    ANCHOR_END,
    ANCHOR_SYNCED, /* every call has been told; others end ANCHOR_ORPHAN_MS after the last link was lost */
    ANCHOR_STREAM, /* with a socket: packets in frames (RFC 4571), from somebody without UDP */
    ANCHOR_REACH,  /* of a leg whose other end is an anchor that waits: we begin, at that address */
};

struct anchor_order {
    enum anchor_order_kind kind;
    uint64_t call; /* not 0; the low octet is the home of its ledger */
    enum anchor_side side;
    unsigned transport;
    struct str ufrag, pwd;   /* LEG, CLIENT */
    bool controlling;        /* CLIENT: that client is; the anchor takes the other role */
    bool two_components;     /* LEG: RTCP may come on a port of its own */
    struct flow_config flow; /* CLIENT: of what it sends */
    bool open;               /* GATE */
    unsigned place; /* REACH: from which of our places, by its number among those of READY */
    struct stun_address peer; /* STREAM: who is at the other end; REACH: who is to be */
    uint64_t
        owner; /* LEG: whose relays may carry it; STREAM: whose relay this is. A number for an account; 0: nobody's */
};

/* Where clients find the anchor: what candidates are made of. */
struct anchor_place {
    struct stun_address address; /* as announced; component 2 is on the next port */
    bool tcp;                    /* framed as in RFC 4571 */
};

enum anchor_report_kind {
    ANCHOR_READY,   /* first of a link: the places */
    ANCHOR_FLOWS,   /* media has passed both ways */
    ANCHOR_SILENT,  /* a side has said nothing for 30 s, or never came */
    ANCHOR_DROPPED, /* of a call and side: counts since the last report; call 0: of nobody's */
    ANCHOR_TOTALS,  /* for the operator, every few seconds */
};

/* Calls, legs and streams are those of now; the others count since the anchor started. */
enum anchor_total {
    ANCHOR_TOTAL_CALLS,
    ANCHOR_TOTAL_LEGS,
    ANCHOR_TOTAL_RECEIVED, /* packets */
    ANCHOR_TOTAL_FORWARDED,
    ANCHOR_TOTAL_RECEIVED_OCTETS,
    ANCHOR_TOTAL_FORWARDED_OCTETS,
    ANCHOR_TOTAL_CHECKS, /* sent by us */
    ANCHOR_TOTAL_DROPPED,
    ANCHOR_TOTAL_STREAMS, /* now */
    ANCHOR_TOTAL_FULL,    /* packets that a stream did not take */
    ANCHOR_TOTAL_COUNT,
};

/* Why a datagram was dropped: the flow's verdicts, then those of ICE. */
enum anchor_drop {
    ANCHOR_DROP_FLOW = 0, /* + enum flow_verdict */
    ANCHOR_DROP_STUN = FLOW_VERDICTS,
    ANCHOR_DROP_INTEGRITY,
    ANCHOR_DROP_USERNAME,
    ANCHOR_DROP_REPLAY,
    ANCHOR_DROP_SHUT,        /* before somebody accepted */
    ANCHOR_DROP_UNCONFIRMED, /* of a source that has not answered a check of ours */
    ANCHOR_DROP_UNKNOWN,     /* nothing that WebRTC sends: RFC 7983 */
    ANCHOR_DROP_UNCONNECTED, /* media while the other side is not there */
    ANCHOR_DROPS,
};
const char *anchor_drop_text(unsigned drop);

struct anchor_report {
    enum anchor_report_kind kind;
    uint64_t call;
    enum anchor_side side;
    struct anchor_place places[ANCHOR_PLACES]; /* READY */
    size_t place_count;
    uint32_t counts[ANCHOR_DROPS];       /* DROPPED, by enum anchor_drop */
    uint64_t totals[ANCHOR_TOTAL_COUNT]; /* TOTALS */
};

/* Both return the octets of `out` that are used; never 0. */
size_t anchor_write_order(uint8_t out[ANCHOR_DATAGRAM_MAX], const struct anchor_order *o);
size_t anchor_write_report(uint8_t out[ANCHOR_DATAGRAM_MAX], const struct anchor_report *r);
CHECKED enum err anchor_read_order(struct bytes datagram, struct anchor_order *out);
CHECKED enum err anchor_read_report(struct bytes datagram, struct anchor_report *out);

#endif
