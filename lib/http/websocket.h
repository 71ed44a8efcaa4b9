/* websocket.h: the opening handshake of WebSocket, server side (RFC 6455 §4.2), for XMPP (RFC 7395 §3.1).
 *
 * Owns: nothing; results live in the arena.  Threads: pure.
 */
#ifndef SOTTO_HTTP_WEBSOCKET_H
#define SOTTO_HTTP_WEBSOCKET_H

#include "http/request.h"

/* 101 and the value of Sec-WebSocket-Accept, or the status of the refusal: 400, 405, 426 (another version). */
unsigned http_websocket_accept(struct arena *a, const struct http_request *r,
                               struct str *out_accept);

#endif
