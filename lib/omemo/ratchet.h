/* ratchet.h: one session: the Double Ratchet as OMEMO uses it (XEP-0384 §4.4; the Double Ratchet
 * paper, §3).
 *
 * A session is a plain struct of a few hundred octets in the caller's memory. Nothing here
 * allocates or stores.
 *
 * Sending: ratchet_encrypt() advances the session. The advanced session must be durable before the
 * result leaves: a key that is used twice gives both messages away.
 *
 * Receiving: ratchet_decrypt() changes nothing. It returns the text and what the store has to change,
 * which the caller commits with the text in one transaction, or drops altogether.
 *
 * Messages come late and out of order. The keys of those that were jumped over are kept as rows of
 * their own, outside the session, so that a message costs the same however many are kept. A row is
 * named by chain and n. A sender that has turned its ratchet may still have messages of older chains
 * under way, and what it says about their number cannot be relied on, so the last five chains are
 * kept as they are, and none is ever closed.
 *
 * Owns: nothing.  Threads: pure.  Units: octets, messages.
 * Errors of decrypting: ERR_EXISTS (this message was read before), ERR_DENIED (its MAC does not fit:
 * not of this session, or not as it was sent), ERR_TOO_BIG (it jumps too far ahead), ERR_MALFORMED.
 * Secrets: all structs here; whoever holds one zeroes it.
 */
#ifndef SOTTO_OMEMO_RATCHET_H
#define SOTTO_OMEMO_RATCHET_H

#include "base/random.h"
#include "omemo/codec.h"
#include "omemo/prekey.h"

enum {
    SESSION_ID = 8, /* the first octets of the ephemeral key that began it */
    CHAIN_ID = 8,   /* the first octets of the ratchet key that it belongs to */
    CHAINS_MAX = 5,
    SKIP_MAX = 2000,      /* messages that one message may jump over */
    KEPT_MAX = 2000,      /* kept keys of a session; the oldest make room */
    HEARTBEAT_AFTER = 53, /* XEP-0384 0.9 §4.6: a chain as long as this wants an answer */
    RATCHET_RECORD_MAX = 400,
};

struct chain {
    uint8_t id[CHAIN_ID];
    uint8_t key[OMEMO_KEY];
    uint32_t next; /* the n of the next message */
};

/* Until the other side has answered, every message repeats the exchange. */
struct ratchet_exchange {
    uint8_t ephemeral[OMEMO_KEY];
    uint32_t prekey_id, signed_prekey_id;
    bool has_prekey;
};

struct ratchet {
    enum omemo version;
    uint8_t id[SESSION_ID];
    bool is_initiator;
    bool is_pending; /* initiator, and nothing came back yet: `exchange` counts */
    bool is_rival;   /* both sides began a session at the same time (remote.h) */
    struct ratchet_exchange exchange;
    uint8_t root[OMEMO_KEY];
    uint8_t secret[OMEMO_KEY], public_key[OMEMO_KEY]; /* our ratchet key */
    uint8_t sending[OMEMO_KEY];                       /* chain key; unset while `can_send` is not */
    bool can_send;                                    /* an acceptor must receive first */
    uint32_t sent, previous_sent;                     /* in this chain, in the chain before */
    struct chain receiving[CHAINS_MAX];               /* newest first */
    uint8_t receiving_count;
    uint32_t kept; /* rows in the store */
};

/* The identities of the two ends as this version has them on the wire, and our id. A MAC covers
 * both. */
struct ratchet_ends {
    const uint8_t *ours, *theirs;
    uint32_t our_device_id;
};

/* The two beginnings; `secret` is what X3DH gave. */
CHECKED enum err ratchet_start(enum omemo version, const uint8_t secret[OMEMO_KEY],
                               const uint8_t their_signed_prekey[OMEMO_KEY],
                               const struct ratchet_exchange *exchange, const struct random *random,
                               struct ratchet *out);
void ratchet_accept(enum omemo version, const uint8_t secret[OMEMO_KEY],
                    const struct prekey *our_signed_prekey, const uint8_t ephemeral[OMEMO_KEY],
                    struct ratchet *out);

/* plain.n ≤ CODEC_PLAIN_MAX. ERR_FULL after 2^32 messages in one chain. */
CHECKED enum err ratchet_encrypt(struct ratchet *r, const struct ratchet_ends *ends,
                                 struct bytes plain, struct codec_out *out);

/* A row: the key of one message that has not come yet. */
struct kept_key {
    uint8_t session[SESSION_ID], chain[CHAIN_ID];
    uint32_t n;
    uint8_t key[OMEMO_KEY];
};

/* The rows that a message leaves behind, made one by one. */
struct kept_range {
    uint8_t session[SESSION_ID];
    struct chain from;
    uint32_t count;
};
bool kept_next(struct kept_range *range, struct kept_key *out);

struct ratchet_received {
    uint8_t plain[CODEC_PLAIN_MAX];
    size_t plain_n;
    struct ratchet session; /* takes the place of the one that it came from */
    struct kept_range add;  /* rows to add, */
    uint32_t evict;         /* then the oldest rows of this session to delete */
    bool kept_used;         /* delete the row that was given */
    bool wants_heartbeat;   /* the chain has grown long without an answer of ours */
};

/* True if the message's key may be among the kept ones, so that the caller looks for its row. */
bool ratchet_may_have_kept(const struct ratchet *r, const struct codec_message *m);

/* `kept` is the row of this message, or NULL. */
CHECKED enum err ratchet_decrypt(const struct ratchet *r, const struct ratchet_ends *ends,
                                 const struct codec_message *m, const struct kept_key *kept,
                                 const struct random *random, struct ratchet_received *out);

/* True if a chain of this session is the message's: no other session need be tried. */
bool ratchet_has_chain(const struct ratchet *r, const struct codec_message *m);

/* As a record of at most RATCHET_RECORD_MAX octets, for the store. ERR_MALFORMED for octets that
 * are none. */
size_t ratchet_write(const struct ratchet *r, uint8_t out[RATCHET_RECORD_MAX]);
CHECKED enum err ratchet_read(struct bytes in, struct ratchet *out);

#endif
