/* proxied.h: connections that come through a proxy of the operator's (listen.proxy_from): it says first who its peer is (proxy_header.h),
 * and what follows is that peer's, who is counted, limited and told of as if he had come himself. Nobody else's header is believed, and
 * a proxy that says nothing is not let in: it could not be told from its peers.
 *
 * Owns: connections until the header is whole.  Threads: the worker's.
 */
#ifndef SOTTO_SERVER_PROXIED_H
#define SOTTO_SERVER_PROXIED_H

#include "server/worker_inside.h"

typedef void proxied_known(struct door *door, const struct visitor *v); /* takes the socket */

/* Whether this is such a proxy, at a door where peers of it come. */
bool proxied_is_expected(const struct door *door, const struct visitor *v);
void proxied_accept(struct door *door, const struct visitor *v,
                    proxied_known *known); /* takes the socket */
void proxied_end(struct worker *w);        /* those that have not said it yet */

#endif
