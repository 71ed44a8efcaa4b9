/* component_host.h: binds the streams of component.h to connections, on the one worker that has all of them.
 *
 * They are accepted by any worker and handed over before the first octet is read. No TLS: XEP-0114 has none.
 * Owns: connections.  Threads: its worker's; component_host_send() and component_host_accept() any.
 */
#ifndef SOTTO_SERVER_COMPONENT_HOST_H
#define SOTTO_SERVER_COMPONENT_HOST_H

#include "server/worker_inside.h"

struct component_host;

struct component_host *component_host_new(struct worker *w); /* NULL: this worker has none */
void component_host_free(struct component_host *h); /* the loop has ended; NULL is allowed */
void component_host_shut_down(struct component_host *h);
bool component_host_idle(const struct component_host *h); /* no connection is left */

void component_host_accept(struct worker *any, int fd);                /* takes it */
void component_host_send(struct worker *any, struct remote_parcel *p); /* takes it */
void component_host_order(struct worker *w, struct worker_order *o);   /* of the two above */

#endif
