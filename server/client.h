/* client.h: one connection with its session: what the engine calls a link (host.h), over TCP or WebSocket.
 *
 * Owns: connection, frames; freed when the connection has ended or moved.  Threads: its worker's.
 */
#ifndef SOTTO_SERVER_CLIENT_H
#define SOTTO_SERVER_CLIENT_H

#include "server/worker_inside.h"

void client_accept(struct worker *w, const struct visitor *v, bool direct_tls);
/* One that came to listen.mux, counted by the doorkeeper. `early`: what was said already. Takes the connection. */
void client_take(struct worker *w, struct conn *conn, enum client_transport transport,
                 struct str early);
/* An HTTP connection that has become a WebSocket; `early`: what came behind the handshake. Takes the connection. */
void client_upgrade(struct worker *w, struct conn *conn, struct str early);
void client_arrive(struct worker *w, struct worker_order *o); /* from another worker, logged in */
void clients_shut_down(struct worker *w);                     /* say goodbye to all */
void clients_free(struct worker *w);                          /* the loop has ended */

extern const struct host_ops client_host_ops; /* ctx: the worker */

#endif
