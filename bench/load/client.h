/* client.h: one XMPP client as an engine: bytes in, bytes and events out; no socket, no clock.
 *
 * Walks through STARTTLS, SASL, resource binding, XEP-0198 enabling and initial presence, the way a plain
 * client does: one step per round trip. Afterwards it answers what a server expects a client to answer
 * (<r/>, pings) and reports messages and acknowledgements.
 * Owns: its texts and queues.  Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_BENCH_CLIENT_H
#define SOTTO_BENCH_CLIENT_H

#include "bench/load/scan.h"
#include "bench/load/scram.h"

enum {
    CLIENT_NAME_MAX = 64,
    CLIENT_ADDRESS_MAX = 1200,
    CLIENT_OUT_MAX = 64 << 20,
    CLIENT_UNACKED_MAX = 1 << 20,
};

enum client_tls { CLIENT_STARTTLS, CLIENT_DIRECT_TLS, CLIENT_NO_TLS };

/* How all clients of a run log in. */
struct client_profile {
    const char *domain;
    const char *mechanism;
    struct keyring *keyring;
    enum client_tls tls;
    bool acks; /* XEP-0198 */
    bool presence;
};

enum client_step {
    STEP_OPENING, /* features before TLS */
    STEP_PROCEED,
    STEP_SECURED, /* features that offer SASL */
    STEP_CHALLENGE,
    STEP_SUCCESS,
    STEP_AUTHENTICATED, /* features that offer binding */
    STEP_BOUND,
    STEP_ENABLED,
    STEP_SETTLED, /* answer to a ping behind the presence: the server has seen it */
    STEP_READY,
};

/* Tags of stanzas that the server has not acknowledged, in a ring. */
struct client_unacked {
    uint64_t *tags;
    size_t first, n, room;
};

struct client {
    const struct client_profile *profile;
    char user[CLIENT_NAME_MAX], resource[CLIENT_NAME_MAX], nonce[CLIENT_NAME_MAX];
    enum client_step step;
    bool counting;        /* XEP-0198 is on */
    uint32_t received;    /* stanzas since <enabled/>: our h */
    uint32_t acked;       /* the server's h */
    uint32_t newly_acked; /* events not yet handed out */
    struct scan scan;
    struct scram scram;
    struct client_unacked unacked;
    struct buf out;     /* for the connection, before TLS */
    struct buf address; /* full JID, once bound */
    struct buf why;     /* text of the last refusal */
};

enum { CLIENT_TAG_OWN = 0 }; /* tag of the engine's own stanzas; never reported */

enum client_event_kind {
    CLIENT_WANTS_TLS, /* start it, then client_secured() */
    CLIENT_READY,
    CLIENT_MESSAGE, /* text: the stanza */
    CLIENT_ACKED,   /* tag: of the stanza */
    CLIENT_REFUSED, /* text: why, for a person; the connection is of no more use */
    CLIENT_ENDED,   /* the server ended the stream */
};

struct client_event {
    enum client_event_kind kind;
    struct str text;
    uint64_t tag;
};

void client_init(struct client *c, const struct client_profile *profile);
void client_deinit(struct client *c);

/* Forgets an earlier connection. Each text must be shorter than CLIENT_NAME_MAX; `nonce` is fresh,
 * random and printable, without comma. */
void client_reset(struct client *c, struct str user, struct str resource, struct str nonce);

void client_open(struct client *c);                /* the connection is up, in the clear */
void client_secured(struct client *c);             /* the connection is up, under TLS */
void client_feed(struct client *c, struct str in); /* then client_next() until it is false */
bool client_next(struct client *c, struct client_event *out);

/* Queues a stanza written by the caller to c->out; `tag` comes back with its acknowledgement. */
void client_sent(struct client *c, uint64_t tag);
void client_request_ack(struct client *c);
void client_close(struct client *c);

#endif
