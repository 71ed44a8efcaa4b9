/* domain.h: domain names in addresses (RFC 7622 §3.2), with letters as people write them, and the
 * same names for DNS and TLS, in ASCII (IDNA2008, RFC 5891).
 *
 * Owns: nothing; results go into the arena.  Threads: pure.  Errors: ERR_MALFORMED, ERR_TOO_BIG.
 */
#ifndef SOTTO_XMPP_DOMAIN_H
#define SOTTO_XMPP_DOMAIN_H

#include "base/arena.h"

enum {
    DOMAIN_LABEL_MAX = 63,
    DOMAIN_NAME_MAX = 253, /* 255 octets with the lengths that DNS adds: RFC 1035 §2.3.4 */
};

/* A name, an IPv4 address or an IPv6 address in brackets: lower case, no final dot, no "xn--". */
CHECKED enum err domain_prepare(struct arena *a, struct str in, struct str *out);

/* The same for names that need neither Unicode tables nor memory: writes at most in.n octets to
 * `out`. ERR_UNSUPPORTED: may be fine, but this is domain_prepare()'s work. */
CHECKED enum err domain_prepare_ascii(struct str in, char *out, size_t *out_n);

/* From the prepared form to "xn--" labels. Addresses stay as they are. */
CHECKED enum err domain_to_ascii(struct arena *a, struct str prepared, struct str *out);

#endif
