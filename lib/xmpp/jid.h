/* jid.h: XMPP addresses, localpart@domainpart/resourcepart (RFC 7622).
 *
 * Text becomes a struct jid once, at the edge; inner code never sees address text. Parts are
 * prepared (PRECIS UsernameCaseMapped, IDNA, OpaqueString), so equality is byte equality. ASCII,
 * the common case, never reaches the Unicode tables.
 * Owns: nothing; parts point into the arena given to jid_parse().
 * Threads: pure.  Errors: ERR_MALFORMED, ERR_TOO_BIG.  Units: bytes.
 */
#ifndef SOTTO_XMPP_JID_H
#define SOTTO_XMPP_JID_H

#include "base/arena.h"

enum { JID_PART_MAX = 1023, JID_MAX = 3 * JID_PART_MAX + 2 }; /* RFC 7622 §3.1 */

struct jid {
    struct str local, domain, resource;
}; /* an absent part has n == 0 */

CHECKED enum err jid_parse(struct arena *a, struct str text, struct jid *out);
CHECKED enum err jid_prepare_local(struct arena *a, struct str in, struct str *out);
CHECKED enum err jid_prepare_domain(struct arena *a, struct str in, struct str *out);
CHECKED enum err jid_prepare_resource(struct arena *a, struct str in, struct str *out);

struct str jid_text(struct arena *a, const struct jid *j);      /* full text */
struct str jid_bare_text(struct arena *a, const struct jid *j); /* local@domain, or domain */
struct jid jid_bare(const struct jid *j);                       /* the same without resource */
struct jid jid_copy(struct arena *a, const struct jid *j);

bool jid_eq(const struct jid *a, const struct jid *b);
bool jid_same_account(const struct jid *a, const struct jid *b); /* bare parts equal */
static inline bool jid_is_bare(const struct jid *j)
{
    return j->resource.n == 0;
}

#endif
