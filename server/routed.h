/* routed.h: one stanza on its way, with all that it brings about.
 *
 *   origin home:  session -> HOOK_OUT -> post
 *   target home:  wait for the view -> HOOK_IN or iq handler -> commit -> deliver, effects -> post back
 *   origin home:  carbons of the sender, replies, XEP-0198 slot done -> freed
 *
 * It is owned by exactly one home, queue or store operation at a time; moving it is moving the ownership of its
 * arena, so nothing is copied and nothing is locked.
 */
#ifndef SOTTO_SERVER_ROUTED_H
#define SOTTO_SERVER_ROUTED_H

#include "server/module.h"
#include "server/remote_peer.h"

struct account;
struct derivation;
struct home;
struct remote;
struct session;

enum routed_stage {
    ROUTED_ARRIVING,  /* to be judged at the target home */
    ROUTED_ASKING,    /* no stanza: asks for the newest items of `interests` (XEP-0163 §4.3.4) */
    ROUTED_OFFERING,  /* no stanza: its sender is seen from now on, and may be asked */
    ROUTED_RETURNING, /* done at the target home, on its way back to its origin */
};

enum routed_target {
    TARGET_ACCOUNT,
    TARGET_SERVER,
    TARGET_REMOTE, /* of another server: nothing is judged but at its origin */
};

enum effect_kind {
    EFFECT_REPLY,
    EFFECT_PUSH,
    EFFECT_ROUTE,
    EFFECT_ANNOUNCE,
    EFFECT_SHOW,
    EFFECT_NOTIFY,
    EFFECT_PRESENCE,
    EFFECT_END_DEVICE,
    EFFECT_END_GRANT,
    EFFECT_END_ACCOUNT,
};

struct effect {
    struct effect *next;
    enum effect_kind kind;
    struct xml_node *node;
    struct str
        jid; /* EFFECT_ANNOUNCE, EFFECT_SHOW; EFFECT_END_DEVICE: a resource, _GRANT: its id */
    unsigned flags;      /* EFFECT_PUSH: enum session_flag; EFFECT_ANNOUNCE: available */
    struct pep_node pep; /* EFFECT_NOTIFY */
};

/* To be told where the stanza came from. */
struct told {
    struct told *next;
    struct event event;
};

struct effects {
    struct effect *first, *last;
};

struct outcome {
    struct routed *routed;
    struct effects *effects; /* of the home where the hook runs */
    int64_t account;         /* of the view */
};

struct routed {
    struct link link;    /* in one inbox or queue */
    struct link pending; /* in the list of its session's stanzas that are not durable yet */
    struct arena arena;
    struct stanza stanza;
    enum routed_stage stage;
    enum routed_target target;

    /* Where it came from. Origin home only, but for the constants. */
    unsigned origin;         /* number of the home */
    struct session *session; /* held; NULL for stanzas of our own making, and of others */
    struct remote *remote;   /* held; NULL but for stanzas of other servers */
    struct remote_peer peer; /* if they are */
    uint32_t serial;         /* XEP-0198 count of the session */
    bool counted;            /* has a XEP-0198 slot */
    size_t bytes;            /* received */
    struct str sender;       /* bare JID text of from */
    int64_t sender_account;
    bool alone;   /* no longer among the session's pending: NOTE_ALONE */
    bool limited; /* as in struct incoming */
    unsigned session_set, session_clear;
    uint8_t origin_hash[16]; /* of (sender, recipient, origin-id) */
    bool has_origin;         /* and is the first of it */
    bool repeats;            /* sent before by this origin */
    struct link twin;        /* in its account's originals, or in its original's repeats */
    struct list twins; /* repeats that came while it was under way: they are told what it is told */
    struct account *sender_home; /* pinned account of the session; its effects happen there */
    bool sender_writes;          /* HOOK_OUT appended rows of it */

    /* Where it goes. Target home only. */
    struct account *account;
    bool settled;                /* committed, or nothing to commit */
    bool deliver;                /* false: a hook dropped or answered it */
    bool wakes;                  /* a person wants to see it now: push.h */
    uint64_t until_ms;           /* no device gets it later; 0: ever */
    struct str pep_node;         /* an event for clients interested in this node only */
    const struct str *interests; /* ROUTED_ASKING */
    size_t interest_count;

    unsigned notes;    /* enum note */
    struct told *told; /* the newest first */
    bool stale;        /* the commit failed: views must be loaded again */
    struct write_set writes;
    struct row *outgoing; /* the ROW_OUTBOX among them, or NULL */
    struct row *archived; /* the ROW_MESSAGE among the rows, or NULL */
    uint64_t before_seq;  /* the newest archive position of the account before that one */
    struct effects at_origin, at_target;
    struct store_query *query;     /* of a handler that waits */
    struct derivation *derivation; /* the same; owned, or NULL */
    query_fn *then;
    bool held; /* its query waits for what the session sent before */
};

struct routed *routed_new(void);
void routed_free(struct routed *r);
struct xml_node *routed_copy_in(struct routed *r, const struct xml_node *node);

#endif
