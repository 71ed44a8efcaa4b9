/* ip.h: IPv4 and IPv6 addresses as text: strict reading (RFC 3986 §3.2.2: no zones, no octal, no
 * short forms) and the one canonical form (RFC 5952).
 *
 * Owns: nothing.  Threads: pure.  Errors: ERR_MALFORMED.  Units: octets in network order.
 */
#ifndef SOTTO_BASE_IP_H
#define SOTTO_BASE_IP_H

#include "base/arena.h"

CHECKED enum err ip4_read(struct str in, uint8_t out[4]);
CHECKED enum err ip6_read(struct str in, uint8_t out[16]);
struct str ip6_text(struct arena *a, const uint8_t ip[16]);

/* One host of the public internet: neither private, local, shared, reserved nor multicast, and no other form of an address
 * that is. IPv4 written as IPv6 is not: it has to be asked as what it is. */
bool ip4_is_public(const uint8_t ip[4]);
bool ip6_is_public(const uint8_t ip[16]);

#endif
