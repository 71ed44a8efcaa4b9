/* fuzz_websocket.c: frames of anybody yield messages within the limit, in UTF-8, the same however they are cut; after the
 * end there is nothing.
 *
 * Answers may differ: no pong goes out once the end is known. The first byte chooses where the rest is cut.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "server/web/websocket.h"

enum { LIMIT = 1000 };

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct sum {
    size_t messages, bytes;
    bool closed;
};

static void feed(struct websocket *w, struct str in, struct sum *sum)
{
    enum websocket_event e;
    struct str text;

    websocket_feed(w, in);
    while ((e = websocket_next(w, &text)) != WEBSOCKET_MORE) {
        must(!sum->closed);
        if (e == WEBSOCKET_TEXT) {
            must(text.n <= LIMIT && utf8_valid(text));
            sum->messages++;
            sum->bytes += text.n;
        } else {
            sum->closed = true;
        }
    }
    websocket_sent(w);
}

static struct sum run(struct str in, size_t cut)
{
    struct websocket *w = websocket_new(LIMIT);
    struct sum sum = { 0 };

    feed(w, str_slice(in, 0, cut), &sum);
    feed(w, str_skip(in, cut), &sum);
    websocket_free(w);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = { (const char *)data + 1, n - 1 };
    struct sum whole, cut;

    if (n == 0)
        return 0;
    whole = run(in, in.n);
    cut = run(in, in.n * data[0] / 256);
    must(whole.messages == cut.messages && whole.bytes == cut.bytes && whole.closed == cut.closed);
    return 0;
}
