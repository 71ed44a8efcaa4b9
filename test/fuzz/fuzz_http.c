/* fuzz_http.c: requests come out the same however they are cut, within their caps, and what a refused one hides is never
 * read as another.
 *
 * The first byte chooses where the rest is cut.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "http/range.h"
#include "http/request.h"
#include "http/response.h"
#include "http/target.h"
#include "http/websocket.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_request(const struct http_request *r)
{
    struct arena a = { 0 };
    struct str accept, value = http_form_value(&a, r->query, "x");
    uint64_t from, count;

    must(r->segment_count <= HTTP_SEGMENTS_MAX && r->field_count <= HTTP_FIELDS_MAX
         && r->host.n > 0);
    for (size_t i = 0; i < r->segment_count; i++) {
        must(r->segments[i].n > 0 && utf8_valid(r->segments[i]));
        must(str_find(r->segments[i], '/') == r->segments[i].n && !str_is(r->segments[i], ".."));
    }
    must(value.p == NULL || utf8_valid(value));
    (void)http_websocket_accept(&a, r, &accept);
    if (http_range_read(http_get(r, "Range"), 1000, &from, &count) != HTTP_RANGE_NONE)
        must(count > 0 && from + count <= 1000);
    arena_deinit(&a);
}

struct sum {
    unsigned requests, done, refused;
    uint64_t body;
};

/* True while the parser may go on. */
static bool pull(struct http_parser *p, struct str in, struct sum *sum)
{
    struct http_event e;

    do {
        http_parse(p, &in, &e);
        sum->requests += e.kind == HTTP_REQUEST;
        sum->done += e.kind == HTTP_DONE;
        sum->refused += e.kind == HTTP_REFUSED ? e.status : 0;
        sum->body += e.body.n;
        if (e.kind == HTTP_REQUEST)
            check_request(&p->request);
    } while (e.kind != HTTP_MORE && e.kind != HTTP_REFUSED);
    must(e.kind == HTTP_REFUSED || in.n == 0);
    must(p->head.n <= HTTP_HEAD_MAX);
    return e.kind == HTTP_MORE;
}

static struct sum parse(struct str in, size_t cut)
{
    struct sum sum = { 0 };
    struct http_parser p;

    http_parser_init(&p);
    if (pull(&p, str_slice(in, 0, cut), &sum))
        pull(&p, str_skip(in, cut), &sum);
    http_parser_deinit(&p);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = { (const char *)data + 1, n - 1 };
    struct sum whole, cut;

    if (n == 0)
        return 0;
    whole = parse(in, in.n);
    cut = parse(in, in.n * data[0] / 256);
    must(whole.requests == cut.requests && whole.done == cut.done && whole.refused == cut.refused
         && whole.body == cut.body);
    return 0;
}
