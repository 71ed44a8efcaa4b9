/* auth.h: logging in: one SASL exchange (RFC 4422), and what the client said of itself beside it.
 *
 * The exchange is the same whatever carries it: session_auth.c runs it on octets; session_sasl.c
 * (RFC 6120 §6) and session_sasl2.c (XEP-0388) read and write the elements. What has to outlive it,
 * because it is acted upon at the account's home, is a struct login.
 * Owns: as said at each.  Threads: the home's that runs the session.
 */
#ifndef SOTTO_SERVER_AUTH_H
#define SOTTO_SERVER_AUTH_H

#include "server/session.h"

enum sasl_kind { SASL_SCRAM, SASL_PLAIN, SASL_TOKEN };

struct mechanism {
    struct str name;
    enum sasl_kind kind;
    enum hash hash;
    enum channel_binding binding; /* of a token: the one kind; of SCRAM-PLUS: any but none */
};

enum { AUTH_MECHANISMS = 7 };

/* How a session logged in; from the first element until a resource is bound or resumed. */
struct login {
    struct arena arena;
    const struct mechanism *mechanism;
    struct xml_node *request; /* <authenticate/> without its SASL data; NULL: RFC 6120's profile */
    struct str agent_id, software, device_name; /* <user-agent/>, or empty */
    bool stable;                                /* without an agent id: it wished for a resource */
    struct str final;                           /* SASL's last word, for <success/>, or empty */
    int64_t account;                            /* 0: there is none of this name */
    struct str credential; /* a grant (credential.h); empty: the account's password */
    bool admitted;         /* the grant is still there, and its use is noted */

    /* The device of the agent id: as the store has it, and as this login leaves it. */
    bool device_known;
    struct arena found; /* holds what the store has */
    struct device_record device_was, device;
    struct device_token *used; /* of `device`: what the client logged in with; NULL: no token */
    struct str token;          /* a new one for the client, which is device.next_token; or empty */

    struct xml_node *not_resumed; /* why the session that it wanted back is not, or NULL */
    struct xml_node *archive;     /* <metadata/> of its history, or NULL */
    bool archive_asked;
};

void login_free(struct login *l); /* session_auth.c; NULL is allowed */

enum auth_step { AUTH_IDLE, AUTH_STARTED, AUTH_FETCHING, AUTH_CHALLENGED, AUTH_DERIVING };

struct auth {
    struct session *session;
    bool sasl2; /* the profile of the last element */
    enum auth_step step;
    struct login *login; /* from auth_start() on; owned */
    struct arena arena;  /* of the exchange */
    struct jid jid;      /* of the name that was given; may not exist */
    struct scram_server scram;
    struct scram_keys keys[CREDENTIALS_MAX]; /* of the account, the rest of nobody; or of a decoy */
    struct str credentials[CREDENTIALS_MAX]; /* of the account's: as struct login */
    size_t key_count, own_count;             /* the account's come first */
    struct str password;                     /* SASL_PLAIN: prepared */
    struct scram_keys derived;               /* SASL_PLAIN */
    struct bytes proof;                      /* SASL_TOKEN */
    struct store_query query;
    unsigned failures; /* over all exchanges of this stream */
};

/* ---- session_auth.c: the exchange. Each answers the client before it returns, or later. ---- */

void auth_start(struct auth *auth, struct str mechanism, struct login *login); /* takes the login */
void auth_receive(struct auth *auth, struct str message);
void auth_fail(struct auth *auth, struct str condition);
bool auth_can_bind(struct session *s, enum channel_binding b);
/* Names, in the order in which they are offered; returns how many. */
size_t auth_offered(struct session *s, struct str out[AUTH_MECHANISMS]);

/* ---- session_sasl.c: the elements of either profile, and RFC 6120's own ---- */

void sasl_challenge(struct auth *auth, struct str octets);
void sasl_failure(struct auth *auth, struct str condition);
void sasl_success(struct session *s); /* RFC 6120's; the client opens a new stream after it */

/* ---- session_sasl2.c: XEP-0388 ---- */

void sasl2_features(struct session *s, struct arena *a, struct xml_node *features);
CHECKED enum err sasl2_read(struct login *l, const struct xml_node *authenticate);
void sasl2_arrived(struct session *s); /* at home: does what was asked inline, then <success/> */
/* `result`: <bound/>, <resumed/> or NULL. */
void sasl2_success(struct session *s, struct arena *a, struct xml_node *result);

/* ---- session_bind2.c: XEP-0386 ---- */

void bind2_features(struct arena *a, struct xml_node *inline_features);
const struct xml_node *bind2_request(const struct login *l); /* NULL: none */
bool bind2_prepare(struct session *s); /* false: it waits for the archive, then goes on by itself */
void bind2_answer(struct session *s);

/* ---- session_fast.c: XEP-0484 ---- */

void fast_features(struct session *s, struct arena *a, struct xml_node *inline_features);
const struct mechanism *fast_mechanism(struct session *s, struct str name);
/* NULL, or the condition of the failure. Sets login->used and login->final. */
const char *fast_check(struct auth *auth);
void fast_renew(struct session *s, struct login *l); /* what this login does to the tokens */

/* ---- session_device.c: XEP-0494's records ---- */

void device_logged_in(struct session *s, void (*then)(struct session *s)); /* with an agent id */
void device_bound(struct session *s);                                      /* without one */

/* ---- session_grant.c: sessions that came by a password beside the account's ---- */

bool grant_admitted(struct session *s); /* false: it waits, then goes on with bind_complete() */

/* ---- Of others, for logging in ---- */

bool resume_inline(struct session *s,
                   const struct xml_node *resume); /* false: not_resumed is set */
/* <enabled/> or <failed/> */
struct xml_node *sm_enable(struct session *s, struct arena *a, const struct xml_node *enable);
/* The same for the same wish of the same account; an empty wish: one of no other client. */
struct str bind_resource(const struct home *h, struct arena *a, const struct jid *account,
                         struct str wish);
void bind_begin(struct session *s, struct str wish);
void bind_when_ready(struct session *s);

#endif
