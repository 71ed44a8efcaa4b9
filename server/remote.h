/* remote.h: the one way by which stanzas of other servers come in, and the one by which ours leave to them.
 *
 *   link --remote_receive()--> HOOK_IN at the recipient's home --> commit --> back to the link: answers, `settled`
 *   our stanza to a domain of settings.pins --remote_send()--> host->remote() --> link
 *                                              it could not be sent: remote_bounce() --> an error to who sent it
 *
 * What a link is, sockets and certificates, is below (s2s.h); here is who speaks, and how that is known. Everything behind asks
 * struct remote_peer, never a session.
 * Owns: a struct remote belongs to its link until remote_gone(), then to the stanzas that are under way.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_REMOTE_H
#define SOTTO_SERVER_REMOTE_H

#include "server/routed.h"

/* One direction of a link, authenticated: they speak. */
struct remote {
    struct home *home;
    struct str domain; /* owned */
    enum remote_proof proof;
    struct list pending; /* routed.pending: taken and not durable yet, in order */
    size_t pending_count, pending_bytes;
    uint32_t taken;             /* stanzas, mod 2^32 */
    void (*settled)(void *ctx); /* fewer are pending; NULL: nobody cares */
    void *ctx;
    bool gone;
};

struct remote *remote_new(struct home *h, struct str domain, enum remote_proof proof);
void remote_gone(struct remote *r); /* the link has ended; NULL is allowed */
uint32_t
remote_durable(const struct remote *r); /* how many stanzas, from the first on, are: XEP-0198's h */

/* Why a link has to end. */
enum remote_fault {
    REMOTE_TAKEN,
    REMOTE_NO_STANZA,   /* RFC 6120 §4.9.3.24 */
    REMOTE_UNADDRESSED, /* no `to` or no `from`: §8.1.1.2, §8.1.2.2 */
    REMOTE_FORGED, /* `from` is of another domain than the one that has proved itself: §8.1.2.2 */
    REMOTE_NOT_OURS, /* `to` is of a domain that we do not serve: §4.9.3.6 */
};

/* A stanza, and what in it is of its own namespace, is jabber:server on a link and jabber:client elsewhere (RFC 6120 §4.8.3). */
void remote_content(struct xml_node *node, struct str from_ns, struct str to_ns);

/* A stanza of jabber:server. Takes the arena that holds it, also when the link has to end. */
CHECKED enum remote_fault remote_receive(struct remote *r, struct xml_node *node,
                                         struct arena *arena, size_t bytes);

/* A stanza on its way out. Its text is that of a stream: neither jabber:client nor jabber:server is declared. */
struct remote_parcel {
    struct link link; /* of who has it */
    struct str domain;
    struct blob *stanza;
    enum stanza_kind kind;
    uint64_t row_id;   /* in the outbox of the store; 0: it is not there */
    uint64_t since_ms; /* in it since then */
    uint64_t until_ms; /* then it is given up; set by who has it */
    bool answerable;   /* who sent it hears if it could not be sent */
};

/* True if there is a way to this domain. */
bool remote_reaches(const struct settings *s, struct str domain);
/* Its tree is complete. `row`: where it lies in the store until the other server has it, or NULL. */
void remote_send(struct home *h, const struct stanza *s, const struct row *row);
/* Of an earlier run: a message that the other server may not have. NULL: it is damaged. */
struct remote_parcel *remote_parcel_of(const struct outbox_record *record);
void remote_parcel_free(struct remote_parcel *p);
void remote_arrived(struct home *h, struct remote_parcel *p); /* they have it. Takes the parcel */
/* It could not be sent: told to who sent it, in the name of who did not get it. Takes the parcel. */
void remote_bounce(struct home *h, struct remote_parcel *p, enum stanza_condition why);

/* ---- For the router ---- */

void remote_leave(struct routed *r);    /* judged and committed: it goes */
void remote_returned(struct routed *r); /* one of theirs is done; frees it */

#endif
