/* codec.h: what one <key/> of a message holds, as octets (XEP-0384 0.3.0 §4, 0.9 §5.3).
 *
 *   0.3   SignalMessage        0x33 { 1: ratchet key, 2: n, 3: previous n, 4: sealed } mac[8]
 *         PreKeySignalMessage  0x33 { 5: registration id, 1: prekey id, 6: signed prekey id,
 *                                     2: ephemeral key, 3: identity key, 4: SignalMessage }
 *   2     OMEMOMessage         { 1: n, 2: previous n, 3: ratchet key, 4: sealed }
 *         OMEMOAuthenticated   { 1: mac[16], 2: OMEMOMessage }
 *         OMEMOKeyExchange     { 1: prekey id, 2: signed prekey id, 3: identity key,
 *                                4: ephemeral key, 5: OMEMOAuthenticated }
 *
 * Keys of 0.3 have a type octet before them; here they never have. The MAC covers octets as they
 * were sent, so a reader keeps a view of them: nothing is ever encoded again to be checked.
 * Owns: nothing; views borrow the input.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG, ERR_UNSUPPORTED (another version of the Signal protocol).
 * Units: octets.
 */
#ifndef SOTTO_OMEMO_CODEC_H
#define SOTTO_OMEMO_CODEC_H

#include "omemo/dialect.h"

enum {
    CODEC_PLAIN_MAX = 64,  /* key and tag; 48 is the most that either version sends */
    CODEC_SEALED_MAX = 80, /* the same, padded to blocks */
    CODEC_MAC_MAX = 16,
    CODEC_OUT_MAX = 256, /* the longest that we write */
    CODEC_IN_MAX = 1024, /* the longest that we read: others may add fields */
};

struct codec_message {
    uint8_t ratchet_key[OMEMO_KEY];
    uint32_t n;          /* place in the sender's chain */
    uint32_t previous_n; /* length of the chain before; some say one less, so nobody relies on it */
    struct bytes sealed; /* no octets: an absent field of OMEMO 2 */
    struct bytes covered, mac; /* `covered` is what the MAC authenticates, beside the identities */
};

struct codec_exchange {
    uint32_t registration_id; /* 0.3 only */
    uint32_t prekey_id, signed_prekey_id;
    bool has_prekey; /* 0.3 can do without */
    uint8_t ephemeral[OMEMO_KEY];
    uint8_t identity[OMEMO_KEY]; /* 0.3: of Curve25519, 2: of Ed25519 */
};

struct codec_key {
    bool is_exchange; /* as the stanza says, by `prekey` or `kex` */
    struct codec_exchange exchange;
    struct codec_message message;
};

CHECKED enum err codec_read(enum omemo version, bool is_exchange, struct bytes in,
                            struct codec_key *out);

/* A key on its way out, in the memory of its sender. */
struct codec_out {
    bool is_exchange;
    uint8_t octets[CODEC_OUT_MAX];
    size_t n;
};

/* Writing has two steps, because the MAC covers the result of the first: `room` holds CODEC_OUT_MAX
 * octets. */
struct bytes codec_cover(enum omemo version, const struct codec_message *m, uint8_t *room);
/* m->covered and m->mac are set; `exchange` is NULL in an ordinary message. */
void codec_write(enum omemo version, const struct codec_message *m,
                 const struct codec_exchange *exchange, struct codec_out *out);

#endif
