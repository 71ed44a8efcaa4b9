/* http_conn.h: one HTTPS connection: requests one after the other, never two at a time, each within its time.
 *
 * Owns: itself, until the connection is gone and no exchange is in work.  Threads: its worker's.
 */
#ifndef SOTTO_SERVER_WEB_HTTP_CONN_H
#define SOTTO_SERVER_WEB_HTTP_CONN_H

#include "base/list.h"
#include "server/web/exchange.h"

struct web {
    struct web_host host;
    struct list connections; /* http_conn.link */
    size_t connection_count;
    bool draining;
};

struct http_conn;

void http_conn_accept(struct web *w, const struct visitor *v, struct tls_context *tls);
void http_conn_take(struct web *w, struct conn *conn, struct str early); /* as web_take() */
void http_conn_drain(struct link *l); /* ends it if it is idle, else after the request in work */
void http_conn_lost(struct link *l);  /* the loop has ended */

#endif
