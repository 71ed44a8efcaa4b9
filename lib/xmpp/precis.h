/* precis.h: PRECIS profiles (RFC 8264, RFC 8265), and what they share with IDNA (RFC 5892, 5893).
 *
 * Preparing twice gives what preparing once gives. Callers cap the input first.
 * Owns: nothing; results go into the arena.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_XMPP_PRECIS_H
#define SOTTO_XMPP_PRECIS_H

#include "base/arena.h"

enum precis_class { PRECIS_IDENTIFIER, PRECIS_FREEFORM }; /* RFC 8264 §4 */

/* UsernameCaseMapped (RFC 8265 §3.3): localparts. */
CHECKED enum err precis_username(struct arena *a, struct str in, struct str *out);
/* OpaqueString (RFC 8265 §4.2): resources, passwords. */
CHECKED enum err precis_opaque(struct arena *a, struct str in, struct str *out);

/* Width mapping, lower case and NFC, in the order of RFC 8264 §7. */
CHECKED enum err precis_map(struct arena *a, struct str in, struct str *out);
/* Every code point allowed in the class, by itself or where it stands (RFC 8264 §8); not empty. */
CHECKED enum err precis_check(struct arena *a, struct str text, enum precis_class class);

bool precis_has_right_to_left(struct str text); /* valid UTF-8 */
bool precis_obeys_bidi_rule(struct str text);   /* RFC 5893 §2; valid UTF-8 */

#endif
