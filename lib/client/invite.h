/* invite.h: what an invitation says (XEP-0401, XEP-0445 §2): as a link of XMPP, as a page, or its token alone.
 *
 *   xmpp:example.org?register;preauth=TOKEN            an account, with a name of one's choice
 *   xmpp:alice@example.org?register;preauth=TOKEN      an account with this name
 *   xmpp:bob@example.org?roster;preauth=TOKEN;ibr=y    a contact, and an account with the same server
 *   https://example.org/invite/TOKEN                   the page that shows one of these
 *
 * Owns: nothing; texts are views of the input.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_CLIENT_INVITE_H
#define SOTTO_CLIENT_INVITE_H

#include "base/str.h"

enum { INVITE_TOKEN_MAX = 256 };

struct invite {
    struct str domain;  /* empty: a token alone does not tell */
    struct str name;    /* empty: it may be chosen */
    struct str inviter; /* bare JID of who wants to be a contact; empty: nobody */
    struct str token;
};

CHECKED enum err invite_read(struct str text, struct invite *out);

#endif
