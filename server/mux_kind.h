/* mux_kind.h: what somebody who comes to listen.mux is about to speak, by the first octets that he sent.
 *
 *   16 03 …                        a TLS handshake, in which ALPN or the first octets tell more
 *   nn nn 00 01 ll ll 21 12 a4 42  a STUN check in the framing of RFC 4571: ICE-TCP, for the anchor
 *   00 03 ll ll 21 12 a4 42        a STUN request that is not framed: TURN (RFC 8656), inside of TLS only
 *   <                              a stream of XMPP, which begins with STARTTLS where it is not inside of TLS
 *   GET, POST, …                   HTTP, inside of TLS only
 *
 * Whoever connects speaks first in all of them. Owns: nothing.  Threads: pure.  Units: octets.
 */
#ifndef SOTTO_SERVER_MUX_KIND_H
#define SOTTO_SERVER_MUX_KIND_H

#include "base/str.h"

enum { MUX_FIRST = 10 }; /* octets that are enough to tell */

enum mux_kind { MUX_MORE, MUX_TLS, MUX_XMPP, MUX_HTTP, MUX_TURN, MUX_MEDIA, MUX_UNKNOWN };

/* MUX_MORE: too few to tell. `sealed`: inside of TLS. */
enum mux_kind mux_kind_of(struct bytes first, bool sealed);
/* By the protocol that was agreed on in the handshake (RFC 7301); MUX_MORE: none was, so what comes first will tell. */
enum mux_kind mux_kind_of_alpn(struct str protocol);

#endif
