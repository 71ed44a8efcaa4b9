/* remote.h: another device as ours knows it: its identity, and all sessions with it in one version
 * of OMEMO.
 *
 * There is normally one session. There are more for a while when both sides began one at the same
 * time, or when the other side lost its state and began anew. The first session is current: it is
 * used for sending. The others are archived: what is still under way in them can be read.
 *
 * Which session becomes current:
 *   - One that the other side begins, when its first message has proved to be genuine; not before,
 *     or anybody could end a session with garbage.
 *   - An archived one in which a message arrives: the other side is using it.
 *   - But two that were begun at the same time are rivals: as soon as messages came in both, the
 *     one with the smaller id is current, on both sides.
 *
 * So nothing is written in a session of which it is not known that the other side has it, as long as
 * there is one of which it is.
 *
 * An identity is learned once. A bundle or an exchange with another one is refused; people must be
 * told.
 *
 * Use: remote_wants() tells which rows of the store a message needs; with them remote_decrypt()
 * returns text and changes, to be committed in one transaction. After remote_start() and
 * remote_encrypt() the caller makes *r durable before anything leaves.
 *
 * Owns: nothing.  Threads: pure.
 * Errors: ERR_CONFLICT (another identity than the known one), ERR_MISSING (no session, or a prekey
 * that we no longer have), ERR_EXISTS (read before: to be passed over in silence), ERR_DENIED (fits
 * no session, or a signature does not), ERR_TOO_BIG, ERR_MALFORMED.
 * Secrets: all structs here but remote_wants; whoever holds one zeroes it.
 */
#ifndef SOTTO_OMEMO_REMOTE_H
#define SOTTO_OMEMO_REMOTE_H

#include "omemo/bundle.h"
#include "omemo/identity.h"
#include "omemo/ratchet.h"

enum {
    REMOTE_SESSIONS = 6, /* the current and five archived: as many trials as a message can cost */
    REMOTE_RECORD_MAX = 3 + 2 * OMEMO_KEY + 1 + REMOTE_SESSIONS * (2 + RATCHET_RECORD_MAX),
};

struct remote {
    enum omemo version;
    bool is_known; /* then identity counts */
    struct identity_key identity;
    struct ratchet sessions[REMOTE_SESSIONS]; /* [0] is current, then newest first */
    uint8_t count;
};

void remote_init(struct remote *r, enum omemo version);

/* A session that fell out of the archive: its rows are deleted. */
struct session_end {
    bool ended;
    uint8_t id[SESSION_ID];
};

/* Begins a session with a bundle: verifies it, takes a prekey. In OMEMO 2 there must be one: else
 * ERR_MISSING. */
CHECKED enum err remote_start(struct remote *r, const struct identity *self, const struct bundle *b,
                              const struct random *random, struct session_end *out_end);

/* plain.n ≤ CODEC_PLAIN_MAX. Session 0 for messages; an answer goes to the session that asked for
 * it. */
CHECKED enum err remote_encrypt(struct remote *r, size_t session, const struct identity *self,
                                struct bytes plain, struct codec_out *out);

/* The rows that a message needs, if they exist. */
struct remote_wants {
    bool prekeys; /* it begins a session: our keys of these ids */
    uint32_t signed_prekey_id, prekey_id;
    bool has_prekey;
    bool kept; /* a key kept for this message */
    uint8_t chain[CHAIN_ID];
    uint32_t n;
};
void remote_wants(const struct remote *r, const struct codec_key *key, struct remote_wants *out);

struct remote_rows { /* NULL: there is no such row */
    const struct prekey *signed_prekey, *prekey;
    const struct kept_key *kept;
};

struct remote_received {
    struct remote remote; /* takes the place of what it came from */
    size_t session;       /* in which it came: its place in `remote` */
    struct ratchet_received message;
    bool began; /* a session of theirs */
    bool prekey_used;
    uint32_t prekey_id; /* to be deleted, or, until the archive has been read, noted for it */
    bool wants_answer;  /* an empty message in this session, soon */
    struct session_end end;
};

CHECKED enum err remote_decrypt(const struct remote *r, const struct identity *self,
                                const struct codec_key *key, const struct remote_rows *rows,
                                const struct random *random, struct remote_received *out);

/* As a record of at most REMOTE_RECORD_MAX octets, for the store; ERR_MALFORMED for octets that are
 * none. */
size_t remote_write(const struct remote *r, uint8_t out[REMOTE_RECORD_MAX]);
CHECKED enum err remote_read(struct bytes in, struct remote *out);

#endif
