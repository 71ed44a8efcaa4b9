/* s2s_host.h: binds the streams of s2s.h to connections, on the one worker that has all of them (links are few).
 *
 * Theirs are accepted by any worker and handed over before the first octet is read. Ours go to the address of the pin: nothing is asked of
 * DNS. Both are TLS 1.3 from the first octet (XEP-0368), both ends with a certificate that is pinned.
 * Owns: connections.  Threads: its worker's; s2s_host_send() and s2s_host_accept() any.
 */
#ifndef SOTTO_SERVER_S2S_HOST_H
#define SOTTO_SERVER_S2S_HOST_H

#include "server/worker_inside.h"

struct remote_parcel;
struct s2s_host;

struct s2s_host *s2s_host_new(struct worker *w); /* NULL: this worker has none */
void s2s_host_start(struct worker *w);           /* the loop is about to run */
void s2s_host_free(struct s2s_host *h);          /* the loop has ended; NULL is allowed */
void s2s_host_shut_down(struct s2s_host *h);
bool s2s_host_idle(const struct s2s_host *h); /* no connection is left */

void s2s_host_accept(struct worker *any, const struct visitor *v); /* takes its socket */
void s2s_host_send(struct worker *any, struct remote_parcel *p);   /* takes it */
void s2s_host_order(struct worker *w, struct worker_order *o); /* ORDER_S2S_*, of the two above */

#endif
