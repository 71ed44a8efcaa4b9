/* routes.h: who answers what. Every path that this server knows is a row of the table in routes.c.
 *
 * Owns: nothing.  Threads: the worker's.
 */
#ifndef SOTTO_SERVER_WEB_ROUTES_H
#define SOTTO_SERVER_WEB_ROUTES_H

#include "server/web/exchange.h"

/* The head of a request is there: the handler of its route, or the refusal. */
void web_route(struct exchange *x);
bool web_serves(const struct web_host *host, struct str name); /* as Host of a request */

exchange_handler fetch_file;                    /* fetch.c */
exchange_handler host_meta_xml, host_meta_json; /* host_meta.c */
exchange_handler invite_page;                   /* invite.c */
exchange_handler upload_file, upload_receive;   /* upload_get.c, upload_put.c */
exchange_handler websocket_open;                /* websocket_open.c */

#endif
