/* turn.h: one connection that speaks TURN (RFC 8656), for networks in which nothing but TLS passes. What it relays reaches the media anchor and nothing
 * else in the world, so it is no relay but another way to the anchor:
 *
 *   client --TLS--> turn_conn --octets--> turn_next() --packets--> a stream of the anchor          answers and data go into a buffer
 *                                         turn_deliver() <-------
 *
 * Peers are the anchor's own addresses, compared octet by octet; for all others there is 403, or silence. An allocation belongs to the account for which its
 * name was made (turn_credential.h), and the anchor lets it into calls of that account only, after somebody has accepted. Until then it is inert.
 *
 * No long list of users is kept: a password follows from its name and our secret. So nobody can find out by errors or by time which names there are.
 * Owns: a message that is not whole yet.  Threads: one at a time.  Units: milliseconds of a clock that never goes back, but for names,
 * which end at a time of day.
 */
#ifndef SOTTO_SERVER_TURN_H
#define SOTTO_SERVER_TURN_H

#include "base/random.h"
#include "server/turn_wire.h"

enum {
    TURN_PEERS = 8,
    TURN_NONCE = 16,
    TURN_NAME_MAX = 64,
    TURN_FAILURES_MAX = 10, /* then the connection ends */
    TURN_LIFETIME_S = 600,  /* RFC 8656 §3.2 */
    TURN_LIFETIME_MAX_S = 3600,
    TURN_PERMISSION_MS = 300 * 1000, /* §9 */
    TURN_CHANNEL_MS = 600 * 1000,    /* §12 */
    TURN_NONCE_MS = 3600 * 1000,
};

struct turn_rules { /* of all connections; borrowed */
    struct str realm;
    struct bytes secret;
    const struct stun_address *peers; /* the anchor's */
    size_t peer_count;                /* up to TURN_PEERS */
    struct random random;
};

struct turn_peer {
    uint64_t permitted_ms, bound_ms; /* until then; 0: not */
    unsigned channel;                /* 0: none yet */
};

struct turn {
    const struct turn_rules *rules;
    struct stun_address client, relayed;
    struct buf held; /* of a message that is not whole */
    bool given;      /* what is held was given out and is to be dropped */
    char nonce[TURN_NONCE];
    uint64_t nonce_ms; /* until then */
    unsigned failures;

    bool allocated, asked;
    uint64_t owner, until_ms;
    char name[TURN_NAME_MAX];
    size_t name_n;
    uint8_t key[TURN_KEY];
    uint8_t transaction[STUN_TRANSACTION]; /* of what was asked for */
    uint32_t lifetime_s;
    struct turn_peer peers[TURN_PEERS];
    size_t last; /* peer that was sent to */
};

struct turn_now {
    uint64_t steady_ms, wall_s;
};

enum turn_step {
    TURN_MORE,   /* octets are wanted */
    TURN_ASKS,   /* for an allocation: turn_grant() comes next */
    TURN_PACKET, /* for the anchor */
    TURN_BROKEN, /* it does not speak TURN, or has guessed too often: to be ended */
};

void turn_init(struct turn *t, const struct turn_rules *rules, const struct stun_address *client);
void turn_deinit(struct turn *t);
/* The next thing out of *in, which is used up by that much; answers are added to *out. The packet is good until the next call. */
enum turn_step turn_next(struct turn *t, struct bytes *in, struct turn_now now, struct buf *out,
                         struct bytes *out_packet);
/* Says yes or no to the allocation that was asked for; no: this account has enough. */
void turn_grant(struct turn *t, bool granted, struct turn_now now, struct buf *out);
/* A packet of the anchor, for the client, added to *out; false: it lets none through now. */
bool turn_deliver(struct turn *t, struct bytes packet, struct turn_now now, struct buf *out);
bool turn_is_alive(const struct turn *t, struct turn_now now); /* there is an allocation */

#endif
