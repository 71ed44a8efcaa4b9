/* mux.h: listen.mux: one port for everything, for networks that let little else through than 443. First octets decide, and ALPN
 * inside of TLS (mux_kind.h); then a connection is what it would be had it come through a door of its own.
 *
 *   accepted --peek--> TLS --ALPN, or first octets inside--> client.c, web/, turn_conn.c
 *               \----> client.c (STARTTLS), or the media anchor (ICE-TCP), which gets the socket as it came
 *
 * Before that is known nothing is read of what lies in clear, and nobody has longer than MUX_DECIDE_MS.
 * Owns: connections until they are told apart.  Threads: the worker's.
 */
#ifndef SOTTO_SERVER_MUX_H
#define SOTTO_SERVER_MUX_H

#include "server/worker_inside.h"

#define MUX_ALPN                                                                                   \
    "xmpp-client stun.turn http/1.1" /* RFC 7443: before HTTP, which coturn's client names as well */

void mux_accept(struct worker *w, const struct visitor *v); /* takes its socket */
void mux_drain(struct worker *w);                           /* ends those that are not told apart */
void mux_free(struct worker *w);                            /* the loop has ended */

#endif
