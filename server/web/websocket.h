/* websocket.h: WebSocket frames on a connection (RFC 6455 §5), server side, for XMPP (RFC 7395): messages in and out.
 *
 * Shape of every engine: feed bytes, pull messages until there is none, send the output. Masked frames only, no
 * extensions, text only, fragments within limits; pings are answered. A broken peer, one that sends too much, and one
 * that says goodbye yield WEBSOCKET_CLOSED, with the closing frame in the output.
 * Owns: the frame in work, unread messages, unsent output.  Threads: one at a time; it may move.  Units: bytes.
 */
#ifndef SOTTO_SERVER_WEB_WEBSOCKET_H
#define SOTTO_SERVER_WEB_WEBSOCKET_H

#include "base/str.h"

enum websocket_event { WEBSOCKET_MORE, WEBSOCKET_TEXT, WEBSOCKET_CLOSED };

struct websocket;

struct websocket *websocket_new(size_t message_bytes);
void websocket_free(struct websocket *w);                        /* NULL is allowed */
void websocket_limit(struct websocket *w, size_t message_bytes); /* of messages to come */

void websocket_feed(struct websocket *w, struct str in);
/* A message is borrowed until the next call. */
enum websocket_event websocket_next(struct websocket *w, struct str *out_text);
bool websocket_waits(const struct websocket *w); /* there is something to pull */

void websocket_send(struct websocket *w, struct str text);
void websocket_close(struct websocket *w); /* 1000; nothing is sent after it */
struct str websocket_output(const struct websocket *w);
void websocket_sent(struct websocket *w); /* all of it */

#endif
