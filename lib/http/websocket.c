/* websocket.c: is this a handshake that we answer, and how. */
#include "http/websocket.h"

#include "base/encode.h"
#include "crypto/hash.h"

enum { KEY_OCTETS = 16 };

static bool is_key(struct arena *a, struct str text)
{
    struct bytes octets;

    return base64_read(a, text, &octets) == ERR_NONE && octets.n == KEY_OCTETS;
}

unsigned http_websocket_accept(struct arena *a, const struct http_request *r,
                               struct str *out_accept)
{
    struct str key = http_get(r, "Sec-WebSocket-Key"), joined;
    uint8_t digest[HASH_SIZE_MAX];

    if (r->method != HTTP_GET)
        return 405;
    if (!http_lists(r, "Upgrade", "websocket") || !http_lists(r, "Connection", "upgrade"))
        return 426;
    if (!str_is(http_get(r, "Sec-WebSocket-Version"), "13")) /* §4.4 */
        return 426;
    if (!is_key(a, key) || !http_lists(r, "Sec-WebSocket-Protocol", "xmpp"))
        return 400;
    joined = arena_concat(a, key, STR("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")); /* §1.3 */
    hash_digest(HASH_SHA1, bytes_of_str(joined), digest);
    *out_accept = base64_text(a, bytes_of(digest, hash_size(HASH_SHA1)));
    return 101;
}
