/* proxy_header.h: what a proxy in front of us says first about who connected to it: the PROXY protocol of HAProxy, versions 1 and 2.
 *
 *   PROXY TCP4 192.0.2.7 198.51.100.1 40123 5222\r\n      at most 107 octets
 *   \r\n\r\n\0\r\nQUIT\n  21  11  00 0c  addresses, ports, TLVs
 *
 * Owns: nothing.  Threads: pure.  Units: octets.
 */
#ifndef SOTTO_SERVER_PROXY_HEADER_H
#define SOTTO_SERVER_PROXY_HEADER_H

#include "base/str.h"

/* TLVs count; with names of certificates they fill some hundred octets. */
enum { PROXY_HEADER_MAX = 2048 };

struct proxy_header {
    size_t size; /* of the header, which ends here: what follows is the peer's */
    bool
        has_source; /* false: the proxy speaks for itself (a check of its own), or the peer has no IP address */
    uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
};

enum proxy_verdict {
    PROXY_MORE, /* `size` octets are needed at least, more than there are */
    PROXY_WHOLE,
    PROXY_BROKEN, /* it is no header, or longer than we take */
};

/* Only the header itself is looked at: any octets may follow it. */
enum proxy_verdict proxy_header_read(struct bytes in, struct proxy_header *out);

#endif
