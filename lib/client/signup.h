/* signup.h: a new account, made before there is anything to log in with: XEP-0077 with the token of an invitation (XEP-0445).
 *
 *   signup_open() -> [SIGNUP_START_TLS -> signup_secured()] -> SIGNUP_DONE, SIGNUP_FAILED
 *
 * Nothing of it leaves before TLS runs. The output is that of `stream`.
 * Owns: stream, texts.  Threads: one at a time.  Errors: SIGNUP_FAILED, `why` in words; close the connection then.
 */
#ifndef SOTTO_CLIENT_SIGNUP_H
#define SOTTO_CLIENT_SIGNUP_H

#include "xmpp/jid.h"
#include "xmpp/stream.h"

enum signup_step { SIGNUP_MORE, SIGNUP_START_TLS, SIGNUP_DONE, SIGNUP_FAILED };

struct signup {
    struct stream stream;
    struct arena arena;
    struct jid jid;
    struct str token, password;
    int state; /* enum signup_state, in signup.c */
    bool secured;
    bool asked;     /* from now on an account may be made, whatever is heard of it */
    struct str why; /* what the server says in it is hostile */
};

void signup_init(struct signup *s, const struct jid *jid, struct str token, struct str password);
void signup_deinit(struct signup *s);
void signup_open(struct signup *s, bool secured);
void signup_secured(struct signup *s);
enum signup_step signup_feed(struct signup *s, struct str bytes);

#endif
