/* core.h: the anchor without its sockets: which datagram belongs to which call, and where it goes.
 *
 *   orders of the server --> core_order()  \
 *   a datagram, its source -> core_packet() }--> core_sends(): datagrams to send now      core_next_report() --> the server
 *   the time ------------> core_tick()     /
 *
 * ICE ends here, on each leg by itself: the client speaks with us and sees no address but ours. A source counts only when a check
 * of it was authentic and one of ours was answered from there. What comes before the gate is open has no effect and no answer.
 *
 * Owns: all its tables, whose sizes are fixed at birth.  Threads: one at a time.  Units: octets, milliseconds of a clock that never
 * goes back.  Errors: what is wrong with a datagram is counted, and told in reports.
 */
#ifndef SOTTO_ANCHOR_CORE_H
#define SOTTO_ANCHOR_CORE_H

#include "base/random.h"
#include "rtp/anchor_wire.h"

enum {
    CORE_SENDS_MAX = 64,
    CORE_STREAMS =
        2048, /* at the same time; the number of one is its place and a multiple of this, which is never used again */
};

struct core_config {
    uint32_t calls, legs; /* at the same time */
    struct random random;
};

/* One of our ports, and who is at the other end. Ports are numbered in pairs: even ones are for component 1. Or a connection, which is of
 * component 1, and of a port that does not matter. */
struct route {
    struct stun_address peer;
    uint8_t port;
    uint32_t stream; /* 0: datagrams */
    uint64_t owner;  /* of what comes by a relay: whose it is; 0: it is none */
};

struct core_send {
    struct route to;
    struct bytes packet; /* good until the next call of a core_ function that sends */
    bool forwarded;      /* it is the datagram that was given to core_packet() */
};

struct core;
struct core *core_new(const struct core_config *config);
void core_free(struct core *c); /* NULL is allowed */

/* A link to a server begins: it tells all its calls and then SYNCED. Calls that no link tells of again end ANCHOR_ORPHAN_MS after
 * theirs was lost. */
void core_link_up(struct core *c, uint64_t now_ms);
void core_link_down(struct core *c, uint64_t now_ms);

/* Each of the three drops what was to be sent before. */
void core_order(struct core *c, const struct anchor_order *o, uint64_t now_ms);
void core_packet(struct core *c, const struct route *from, struct bytes packet, uint64_t now_ms);
unsigned core_tick_ms(const struct core *c); /* how often core_tick() is wanted */
/* True: there is more to do at once, after the sends. */
CHECKED bool core_tick(struct core *c, uint64_t now_ms);

/* What the calls know of a connection: nothing; that a check that came by it was authentic; that ours was answered there. */
enum core_stream { STREAM_STRANGE, STREAM_AUTHENTIC, STREAM_CONFIRMED };
enum core_stream core_stream_known(const struct core *c, uint32_t stream);
void core_stream_gone(struct core *c, uint32_t stream);
void core_stream_count(struct core *c, size_t count); /* how many there are */
void core_stream_full(struct core *c);                /* one did not take a packet */

bool core_is_idle(const struct core *c); /* there is nothing to tick for */

const struct core_send *core_sends(const struct core *c, size_t *count);
bool core_next_report(struct core *c, struct anchor_report *out);

#endif
