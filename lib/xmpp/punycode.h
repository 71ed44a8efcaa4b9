/* punycode.h: Unicode labels as ASCII and back (RFC 3492), without the prefix "xn--".
 *
 * Owns: nothing; the caller gives room for one DNS label.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG (longer than a label).
 */
#ifndef SOTTO_XMPP_PUNYCODE_H
#define SOTTO_XMPP_PUNYCODE_H

#include "base/str.h"

enum { PUNYCODE_MAX = 59 }; /* a DNS label of 63 octets less the prefix */

CHECKED enum err punycode_encode(const uint32_t *points, size_t n, char out[PUNYCODE_MAX],
                                 size_t *out_n);
CHECKED enum err punycode_decode(struct str in, uint32_t out[PUNYCODE_MAX], size_t *out_n);

#endif
