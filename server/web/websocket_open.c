/* websocket_open.c: GET /ws becomes a WebSocket for XMPP (RFC 7395 §3.1).
 *
 * Pages of any origin may connect: the Origin header protects users whom a browser logs in by itself, by a cookie or a
 * certificate. Here is neither; whoever opens a stream has to log in on it with what only the user knows.
 */
#include "http/websocket.h"
#include "server/web/routes.h"

void websocket_open(struct exchange *x)
{
    struct str accept;
    unsigned status = http_websocket_accept(&x->arena, x->request, &accept);
    const struct http_field fields[] = {
        { STR("Upgrade"), STR("websocket") },
        { STR("Connection"), STR("Upgrade") },
        { STR("Sec-WebSocket-Accept"), accept },
        { STR("Sec-WebSocket-Protocol"), STR("xmpp") },
    };
    const struct http_field version = { STR("Sec-WebSocket-Version"), STR("13") };

    if (status == 101)
        exchange_upgrade(x, fields, COUNT_OF(fields));
    else
        exchange_answer(x,
                        &(struct http_response){
                            .status = status, .shared = true, .more = &version, .more_count = 1 },
                        STR_NONE);
}
