/* turn_conn.h: connections that speak TURN on listen.mux, each with its stream to the media anchor.
 *
 *   client --TLS--> conn --octets--> turn.c --packets, framed--> socket pair --> anchor (anchor/streams)
 *
 * TLS ends here, in the process that has the key to it; the anchor, which has none, gets what it gets from everybody. A stream is there from the allocation on.
 * Owns: connections and their ends of the pairs.  Threads: the worker's.
 */
#ifndef SOTTO_SERVER_TURN_CONN_H
#define SOTTO_SERVER_TURN_CONN_H

#include "server/worker_inside.h"

/* One that came to listen.mux, secured and counted by the doorkeeper. `early`: what was said already. Takes the connection. */
void turn_take(struct worker *w, struct conn *conn, struct str early);
void turn_drain(struct worker *w);
void turn_free(struct worker *w); /* the loop has ended */

#endif
