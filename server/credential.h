/* credential.h: what a session logged in with: the account's password, or a grant, which is one that was made beside it.
 *
 * A grant for an app may do what clients do, but nothing about who gets in: make, list or take back passwords, change the
 * account's, or remove the account. One for a linked device of the person's own may. Its id says which it is, so nobody has
 * to look it up.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_CREDENTIAL_H
#define SOTTO_SERVER_CREDENTIAL_H

#include "base/str.h"

#define CREDENTIAL_APP    "app-"
#define CREDENTIAL_DEVICE "dev-"

enum {
    CREDENTIAL_ID_MAX = 19,   /* prefix and random part */
    CREDENTIAL_NAME_MAX = 64, /* octets of what people call it */
    CREDENTIAL_UNUSED_MS =
        20 * 60 * 1000, /* of a device that is being linked: then it cannot be used any more */
};

/* An empty id: the account's password. */
static inline bool credential_is_limited(struct str id)
{
    return id.n > 0 && !str_starts(id, STR(CREDENTIAL_DEVICE));
}

#endif
