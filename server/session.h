/* session.h: one client's stream, from the first byte to its end: negotiation, binding, presence, acks.
 *
 * Split by idea: session.c (stream life), session_auth.c (SASL, auth.h), session_bind.c (resources), session_sm.c
 * (XEP-0198), presence.c (availability). A session lives at the home of the worker that accepted it until it is authenticated, then at the
 * home of its account; host->move carries it over once.
 * Owns: itself; freed when its connection is gone and no routed stanza holds it.  Threads: its home's.
 */
#ifndef SOTTO_SERVER_SESSION_H
#define SOTTO_SERVER_SESSION_H

#include "server/credential.h"
#include "server/home.h"
#include "xmpp/stream.h"

struct auth;
struct caps;
struct enrolment;
struct csi;
struct linking;
struct login;
struct sm;

/* How an archived message was put before a client: as it is, or as a carbon (XEP-0280). */
enum wrapping { WRAP_NONE, WRAP_SENT, WRAP_RECEIVED };

enum session_state {
    SESSION_NEGOTIATING,   /* not authenticated */
    SESSION_MOVING,        /* authenticated, on the way to its home */
    SESSION_AUTHENTICATED, /* at home; may bind */
    SESSION_BINDING, /* waits for its device's record, its account's view, its archive's ends */
    SESSION_BOUND,
    SESSION_RESUMING, /* bound, on a new connection, until its own stanzas are durable */
    SESSION_CLOSED,   /* nothing is read or sent any more */
};

struct session {
    struct home *home;
    void *link; /* the host's connection; NULL when it is gone */
    struct stream stream;
    enum session_state state;
    unsigned flags; /* enum session_flag */
    unsigned holds; /* routed stanzas and queries that name it */
    bool secure, want_tls, paused, dispatching;
    bool exempt; /* limits.exempt: its account's rates do not count */
    uint64_t deadline_ms;

    /* Negotiation. */
    struct auth *auth;           /* until authenticated */
    struct login *login;         /* from then on until bound or resumed */
    struct enrolment *enrolment; /* once it wants to register; until authenticated */
    struct linking *linking;     /* once it wants to be linked; as long */
    unsigned bindings; /* bits of enum channel_binding that its TLS has; 0: not asked yet */
    size_t preauth_bytes;
    uint64_t
        steps; /* hash of the elements that it sent until it had bound a resource: they differ by software */
    struct str domain; /* of ours, that the stream is for; static */

    /* From authentication on. The texts are owned. */
    struct jid jid;  /* bare until bound */
    struct str full; /* text of jid once bound */
    char *jid_memory;
    char credential[CREDENTIAL_ID_MAX + 1]; /* the grant that it came by (credential.h), or empty */

    /* From binding on. */
    struct account *account;
    struct link in_account;
    struct link waiting;    /* in home->waiting while it has no connection */
    struct str bind_id;     /* of the bind iq, while binding; owned */
    int priority;           /* of its presence, RFC 6121 §4.7.2.3 */
    struct blob *presence;  /* its last available presence as text, without `to` */
    struct map directed;    /* JIDs that got directed presence -> themselves, RFC 6121 §4.6 */
    struct caps *caps;      /* PEP nodes it wants to hear of, or NULL */
    struct str caps_wanted; /* id of our disco#info request, owned; n == 0: none */
    struct str caps_ver;    /* the hash it was sent for, owned */

    struct csi *csi;     /* what an inactive client does not have to see yet, or NULL */
    struct sm *sm;       /* XEP-0198, once enabled */
    struct link silent;  /* in home->heard or home->asked while bound */
    uint64_t bound_ms;   /* when it got its resource */
    uint64_t heard_ms;   /* when something came last */
    struct list pending; /* routed.pending: submitted and not yet durable, in order */
    size_t pending_count, pending_bytes;
    uint32_t submitted; /* stanzas taken since <enable/>, mod 2^32 */

    uint64_t *
        asked; /* ASKED_AT_ONCE keyed hashes of what it asks of strangers and other servers (asked.h); NULL: nothing yet */
    size_t asked_next;

    bool catching_up;          /* archived messages come from the archive, not live */
    bool page_asked;           /* a page of them is on its way */
    uint64_t lagging_since_ms; /* the client takes nothing; 0: it does */
    struct link lagging;       /* in home->lagging meanwhile */
    uint64_t copies_from,
        copies_to; /* archive positions: copies of what other devices sent are held back; 0: none is */
    bool replaying; /* resumed: what was unacknowledged goes out first */
    uint64_t
        inherited_from; /* archive position after which a replaced session had acknowledged nothing */
    uint64_t
        shown_up_to; /* its client reads up to here itself what MAM shows (XEP-0386), and is sent the rest */
    uint64_t caught_up_to; /* archive position up to which it was sent what it is to get */
    uint64_t
        followed_to; /* the same of what is for the whole account: only while it takes that (session_follows) */
};

/* Entry points for the host. */
/* `secure`: TLS is up already. Over WebSocket every `received` is one whole message and every write of ours is one
 * (RFC 7395 §3.1). */
struct session *session_new(struct home *h, void *link, bool secure, enum stream_framing framing);
void session_received(struct session *s, struct str bytes);
void session_secured(struct session *s);                 /* TLS is up */
void session_arrived(struct session *s, struct home *h); /* moved here */
void session_wake(struct session *s);                    /* the deadline */
void session_drained(struct session *s);                 /* all output is with the kernel */
void session_gone(struct session *s);                    /* the connection has ended */
void session_shutdown(struct session *s);                /* the server drains: system-shutdown */

/* For the files of the engine. */
void session_hold(struct session *s);
void session_release(struct session *s);
void session_flush(struct session *s); /* what the stream wrote, to the connection */
void session_fail(struct session *s, enum stream_condition why, struct str text);
void session_fail_about(struct session *s, enum stream_condition why, struct str text,
                        struct xml_node *condition); /* one of the application's own beside */
void session_close(struct session *s);
void session_offer_features(struct session *s);
void session_resume_reading(struct session *s); /* if it was paused for pending stanzas */
bool session_reads(const struct session *s);    /* nothing has paused it */
bool session_is_slow(
    const struct session *s); /* the client does not keep up with what it is sent */
bool session_follows(
    const struct session *s); /* takes what is sent to the account: RFC 6121 §8.5.2 */
void session_send(struct session *s, struct blob *stanza); /* borrows */
void session_send_archived(struct session *s, struct blob *stanza, uint64_t seq,
                           enum wrapping wrapping);
/* Not sent again after that, should the client resume (0: ever). */
void session_send_until(struct session *s, struct blob *stanza, uint64_t until_ms);
void session_send_node(struct session *s, const struct xml_node *node);
void session_set_jid(struct session *s, const struct jid *jid);
void session_set_credential(struct session *s, struct str id);

/* session_auth.c, session_sasl.c */
void auth_free(struct auth *auth);
void auth_features(struct session *s, struct arena *a, struct xml_node *features);
bool auth_element(struct session *s, struct xml_node *node); /* true: it was one of SASL's */

/* session_register.c */
void enrolment_free(struct enrolment *e);
void enrolment_features(const struct session *s, struct arena *a, struct xml_node *features);
bool enrolment_element(struct session *s,
                       struct xml_node *node); /* true: it was a question of XEP-0077 or XEP-0445 */
/* session_link.c */
void linking_free(struct linking *l);
bool linking_element(struct session *s, struct xml_node *node); /* true: one of urn:sotto:link:0 */

/* session_rate.c: how fast an account may send, with all its sessions */
void rate_bytes(struct session *s, size_t n);
void rate_element(struct session *s, const struct xml_node *node);
uint64_t rate_wait_ms(const struct session *s); /* until more is read; 0: now */
bool rate_is_full(const struct account *a);     /* it owes nothing: it may be forgotten */

/* session_idle.c: clients that are silent for long */
/* So many octets came, if only a blank. Over TCP session_received() does it; over WebSocket the host, which sees frames
 * that are no messages. */
void session_heard(struct session *s, size_t n);
void idle_forget(struct session *s);
void idle_sweep(struct home *h);

/* session_bind.c */
void bind_features(struct session *s, struct arena *a, struct xml_node *features);
void bind_request(struct session *s, struct xml_node *iq);
void bind_complete(struct session *s); /* the account's view is there */
void session_unbind(struct session *s);

/* session_sm.c */
bool sm_element(struct session *s, struct xml_node *node); /* true: it was one of XEP-0198's */
void sm_sent(struct session *s, struct blob *stanza, uint64_t seq, enum wrapping wrapping,
             uint64_t until_ms);
void sm_durable(struct session *s); /* the durable prefix may have grown */
void sm_free(struct session *s);
void sm_probe(struct session *s);                /* asks for an <a/>, also if it has asked */
bool sm_is_behind(const struct session *s);      /* much is unacknowledged */
bool sm_has_overflowed(const struct session *s); /* too much is: it ends */
bool sm_can_wait(const struct session *s);       /* without its connection, to be resumed */
uint64_t sm_waits_until_ms(const struct session *s);
uint64_t sm_first_unacked(const struct session *s); /* archive position, 0: none */
/* The same of the last, but for copies of what its account has sent. */
uint64_t sm_last_unseen(const struct session *s);

/* session_left.c */
void sm_left(struct session *s,
             const struct account *a); /* what it never acknowledged; `a` was its account */

/* session_csi.c */
bool csi_element(struct session *s,
                 const struct xml_node *node); /* true: it was one of XEP-0352's */
bool csi_can_wait(const struct stanza *s);
void csi_activate(struct session *s); /* every stream begins so: XEP-0352 §5.2 */
void csi_flush(struct session *s);    /* what was held back goes out */
void csi_free(struct session *s);
/* For what can wait: sent at once to an active client. The newest of what is like `of` (presence of one device, chat
 * states to one address) is enough; NULL: all are. */
void session_defer(struct session *s, struct blob *stanza, const struct stanza *of);

/* session_resume.c */
void resume_request(struct session *s, const struct xml_node *node);
void resume_continue(struct session *s); /* its pending stanzas are durable, or an answer came */

/* presence.c */
bool presence_is_own(const struct stanza *st);
bool presence_is_sound(struct arena *a, const struct stanza *st); /* or bad-request */
void presence_own(struct session *s, struct routed *r); /* available or unavailable without `to` */
/* On its way: remembers directed presence. False: there is too much of it already, and it must not go out, because
 * nobody would be told that it has ended. */
bool presence_sent(struct session *s, struct routed *r);
void presence_refresh(struct account *a); /* what the server adds to presence has changed */
void presence_gone(struct session *s);    /* the stream has ended */
void presence_forget(struct session *s);  /* frees what presence.c keeps in a session */
void presence_probed(struct account *a, const struct stanza *probe);
void presence_announce(struct account *a, struct str jid, bool available);
void presence_hide(struct account *a, const struct map *blocks,
                   struct outcome *out); /* presence_hide.c */
void presence_show(struct account *a, struct str jid);
void presence_catch_up(struct session *s); /* offline messages */
/* Too slow for live copies: this one, and what follows, comes from the archive. */
void presence_lag(struct session *s, uint64_t seq, enum wrapping wrapping);
void presence_unlag(struct session *s); /* output has drained, or acknowledgements came */
void presence_delivered(struct session *s,
                        uint64_t seq); /* up to this archive position a client has it */

#endif
