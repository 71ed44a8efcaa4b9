/* login.h: from a new stream to a session: authentication, and with it resumption or binding.
 *
 * Speaks what the server offers, best first: SASL2 with Bind 2 and a token (XEP-0388, XEP-0386, XEP-0484), which takes
 * one or two round trips, else RFC 6120's SASL, resource binding and XEP-0198. Passwords go out as SCRAM only, so
 * a server, or who poses as one, never sees them.
 *
 *   login_begin() -> login_take(event) … -> LOGIN_DONE, LOGIN_FAILED
 *
 * What one login has seen of a server is remembered in `pins` and demanded of the next ones: who can take away what
 * was offered before is not our server, or stands between us and it.
 *
 * Owns: its arena.  Threads: one at a time.  Costs: a key derivation (milliseconds) for a password.
 * Errors: enum login_failure; the stream is then to be closed.
 */
#ifndef SOTTO_CLIENT_LOGIN_H
#define SOTTO_CLIENT_LOGIN_H

#include "base/random.h"
#include "xmpp/jid.h"
#include "xmpp/sasl.h"
#include "xmpp/stream.h"

/* The strongest that a login with this account has ever used. All zero: nothing yet. */
struct login_pins {
    bool sasl2, plus;
    enum hash hash; /* of SCRAM; HASH_SHA1 says nothing */
};

/* What a person's device knows about its account. Texts are borrowed. */
struct login_account {
    struct jid jid;
    struct str password;          /* may be empty if there is a token */
    struct str token, token_name; /* XEP-0484: its mechanism; empty: none */
    struct str agent_id;          /* XEP-0388 §2.3.1: a UUID, the same for ever */
    struct str software, device;  /* shown in the person's list of devices */
    struct str resume_id;         /* XEP-0198: of a session to go on with; empty: none */
    uint32_t resume_h;
    struct login_pins pins;
};

enum login_step { LOGIN_MORE, LOGIN_START_TLS, LOGIN_DONE, LOGIN_FAILED };

enum login_failure {
    LOGIN_REFUSED,     /* wrong password, unknown account: the same to us */
    LOGIN_TOKEN_STALE, /* the token was refused: forget it, log in with the password */
    LOGIN_LATER,       /* the server asks to come again later */
    LOGIN_DISABLED,    /* the account is closed */
    LOGIN_NO_TLS,      /* the server does not encrypt */
    LOGIN_NO_MECHANISM,
    LOGIN_DOWNGRADE, /* less than before, or less than the server says that it offers (XEP-0474) */
    LOGIN_IMPOSTOR,  /* it does not know the password that it should */
    LOGIN_BROKEN,    /* it does not speak the protocol */
};

struct login_result {
    struct jid jid; /* full */
    bool resumed;   /* XEP-0198: `h` counts what the server has of the old session */
    uint32_t h;
    bool not_resumed_h;           /* it failed, but `h` is told all the same (XEP-0198 §5) */
    struct str sm_id;             /* of a session that may be resumed; empty: it may not */
    bool sm, carbons;             /* are on; carbons: by Bind 2 */
    struct str token, token_name; /* a new one; empty: none */
    struct login_pins pins;
    const struct xml_node
        *features; /* the last ones; NULL: a session that was resumed needs none */
};

struct login {
    const struct login_account *account;
    const struct random *random;
    struct arena arena; /* for secrets: tokens, what a password is prepared to */
    int state;          /* enum login_state, in login.c */
    bool secured, sasl2, with_token, asks_carbons;
    struct binding_data binding;
    struct scram_client scram;
    const struct mechanism *mechanism;
    struct sasl_offer offer;
    enum login_failure failure;
    struct str text; /* what the server said of it, for a person; hostile */
    struct login_result result;
};

/* `secured`: TLS runs already (XEP-0368, WebSocket), with this channel binding data, which is copied. */
void login_begin(struct login *l, const struct login_account *account, const struct random *random,
                 bool secured, struct binding_data binding);
void login_end(struct login *l);

void login_open_stream(const struct login *l, struct stream *s); /* writes its header */
/* The header has been sent; events come here until LOGIN_DONE. Writes answers to the stream. */
enum login_step login_take(struct login *l, struct stream *s, const struct stream_event *e);
/* After LOGIN_START_TLS, when TLS runs. The stream has been restarted and its header sent. */
void login_secured(struct login *l, struct binding_data binding);

#endif
