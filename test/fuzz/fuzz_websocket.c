/* fuzz_websocket.c: frames of anybody yield messages within the limit, in UTF-8, the same however they are cut; after the
 * end there is nothing.
 *
 * Answers may differ: no pong goes out once the end is known. So may the moment of the end, when the reason in a closing
 * frame is no UTF-8: wslay looks at what has come of it, and sees less of it in two pieces. The frame's end ends both.
 * The first byte chooses where the rest is cut.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "server/web/websocket.h"

enum { LIMIT = 1000, CONTROL_FRAME_MAX = 2 + 4 + 125 }; /* RFC 6455 §5.5 */

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

static struct sum run(struct str in, size_t cut, size_t zeroes)
{
    static const char more[CONTROL_FRAME_MAX] = { 0 };
    struct websocket *w = websocket_new(LIMIT);
    struct sum sum = { 0 };

    feed(w, str_slice(in, 0, cut), &sum);
    feed(w, str_skip(in, cut), &sum);
    feed(w, (struct str){ more, zeroes }, &sum);
    websocket_free(w);
    return sum;
}

static bool same(struct sum a, struct sum b)
{
    return a.messages == b.messages && a.bytes == b.bytes && a.closed == b.closed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = { (const char *)data + 1, n - 1 };
    struct sum whole, cut;
    size_t at;

    if (n == 0)
        return 0;
    at = in.n * data[0] / 256;
    whole = run(in, in.n, 0);
    cut = run(in, at, 0);
    if (whole.closed != cut.closed) {
        whole = run(in, in.n, CONTROL_FRAME_MAX);
        cut = run(in, at, CONTROL_FRAME_MAX);
    }
    must(same(whole, cut));
    return 0;
}
