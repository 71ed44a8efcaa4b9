/* turn_credential.h: names and passwords for TURN that are known by themselves: a name says until when it is good and, as a keyed hash, for which
 * account; the password follows from it and the server's secret. XEP-0215 hands them out (modules/extdisco.c).
 *
 *   1796208000:07b1a4e92c5d6f38:5d0fa11c     end, seconds since the epoch : account : salt
 *
 * Owns: nothing.  Threads: pure.  Units: seconds since the epoch.
 */
#ifndef SOTTO_SERVER_TURN_CREDENTIAL_H
#define SOTTO_SERVER_TURN_CREDENTIAL_H

#include "base/arena.h"
#include "server/turn_wire.h"

enum { TURN_CREDENTIAL_S = 12 * 3600 }; /* some clients ask once a session */

struct turn_name {
    uint64_t expires_s, owner;
};

struct turn_credential {
    struct str name, password;
};

/* `salt`: something that is not the same another time. */
struct turn_credential turn_credential_new(struct arena *a, struct bytes secret, uint64_t owner,
                                           uint64_t expires_s, struct str salt);
bool turn_name_read(struct str name, struct turn_name *out);
/* The long-term key of a name, whoever made it (RFC 8489 §9.2.2). */
void turn_key(struct bytes secret, struct str realm, struct str name, uint8_t out[TURN_KEY]);
/* What stands for an account, here and in the anchor; never 0. */
uint64_t turn_owner(struct bytes secret, struct str bare_jid);

#endif
