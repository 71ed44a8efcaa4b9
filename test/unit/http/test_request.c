/* test_request.c: requests, whole and cut at every byte: cuts change nothing; every form that two readers could
 * understand in two ways is refused, with the status that names it.
 */
#include "test/unit/check.h"

#include <string.h>

#include "base/buf.h"
#include "http/request.h"

#define HOST "Host: sotto.test\r\n"

/* What came out, as text: one line per event. */
static void describe(struct buf *out, const struct http_parser *p, const struct http_event *e)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "OPTIONS", "OTHER" };
    const struct http_request *r = &p->request;

    switch (e->kind) {
    case HTTP_REQUEST:
        buf_add(out, str_from(methods[r->method]));
        for (size_t i = 0; i < r->segment_count; i++) {
            buf_add_char(out, '|');
            buf_add(out, r->segments[i]);
        }
        buf_add(out, STR(" host="));
        buf_add(out, r->host);
        if (r->query.p != NULL) {
            buf_add(out, STR(" query="));
            buf_add(out, r->query);
        }
        buf_add(out, r->last ? STR(" last") : STR(""));
        buf_add(out, r->expects_continue ? STR(" waits") : STR(""));
        buf_add_char(out, '\n');
        break;
    case HTTP_BODY: buf_add(out, e->body); break;
    case HTTP_DONE: buf_add(out, STR(".\n")); break;
    case HTTP_REFUSED: buf_add_u64(out, e->status); break;
    case HTTP_MORE: break;
    }
}

/* True while the parser may go on. */
static bool feed(struct http_parser *p, struct str in, struct buf *out)
{
    struct http_event e;

    do {
        http_parse(p, &in, &e);
        describe(out, p, &e);
    } while (e.kind != HTTP_MORE && e.kind != HTTP_REFUSED);
    return e.kind == HTTP_MORE;
}

/* Cut before `cut`; a cut past the end: each octet by itself. */
static void check_cut(struct str in, size_t cut, const char *want)
{
    struct http_parser p;
    struct buf out;
    bool going = true;

    http_parser_init(&p);
    buf_init(&out, 64 * 1024);
    if (cut <= in.n) {
        going = feed(&p, str_slice(in, 0, cut), &out) && feed(&p, str_skip(in, cut), &out);
    } else {
        for (size_t i = 0; i < in.n && going; i++)
            going = feed(&p, str_slice(in, i, 1), &out);
    }
    check_str(in.p, buf_str(&out), want);
    if (!going)
        assert_false(http_parser_idle(&p));
    buf_deinit(&out);
    http_parser_deinit(&p);
}

static const struct {
    struct str in;
    const char *want;
} cases[] = {
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "\r\n"), "GET host=sotto.test\n.\n" },
    { STR_INIT("GET /a/b%20c?x=1&y HTTP/1.1\r\nhOST: Sotto.Test:5443\r\n\r\n"),
      "GET|a|b c host=sotto.test query=x=1&y\n.\n" },
    { STR_INIT("HEAD /a HTTP/1.1\r\n" HOST "Connection: foo , Close\r\n\r\n"),
      "HEAD|a host=sotto.test last\n.\n" },
    { STR_INIT("OPTIONS /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), "OPTIONS|a host=[::1]\n.\n" },
    { STR_INIT("BREW /a HTTP/1.1\r\n" HOST "\r\n"), "OTHER|a host=sotto.test\n.\n" },
    { STR_INIT("get /a HTTP/1.1\r\n" HOST "\r\n"),
      "OTHER|a host=sotto.test\n.\n" }, /* case counts: RFC 9110 §9.1 */
    { STR_INIT("GET https://sotto.test/a HTTP/1.1\r\n" HOST "\r\n"), "GET|a host=sotto.test\n.\n" },
    { STR_INIT("GET https://sotto.test:5443 HTTP/1.1\r\n" HOST "\r\n"),
      "GET host=sotto.test\n.\n" },
    /* bodies, and one request behind the other */
    { STR_INIT("POST /p HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n" HOST
               "\r\n"),
      "POST|p host=sotto.test\nhello.\nGET host=sotto.test\n.\n" },
    { STR_INIT("PUT /p HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"),
      "PUT|p host=sotto.test waits\nhi.\n" },
    { STR_INIT("PUT /p HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
      "PUT|p host=sotto.test\n.\n" },
    { STR_INIT("GET /p HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
      "GET|p host=sotto.test\n.\n" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "X:\r\nY:\t v\t \r\n\r\n"), "GET host=sotto.test\n.\n" },

    /* request lines */
    { STR_INIT("GET /\r\n"), "" }, /* HTTP/0.9 waits for its end of head, then: */
    { STR_INIT("GET /\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.0\r\n" HOST "\r\n"), "505" },
    { STR_INIT("GET / HTTP/2.0\r\n" HOST "\r\n"), "505" },
    { STR_INIT("GET / HTTP/1.10\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET / HTTP/1,1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET / http/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1 \r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET  / HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("G(T / HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT(" GET / HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("\x16\x03\x01\x02"), "400" }, /* TLS where none is expected */
    { STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "505" },
    { STR_INIT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("CONNECT sotto.test:443 HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET a HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET https://evil.test/ HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET https://a@sotto.test/ HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET http://sotto.test/ HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET /a?%zz HTTP/1.1\r\n" HOST "\r\n"), "400" },
    { STR_INIT("GET /1/2/3/4/5/6/7/8/9 HTTP/1.1\r\n" HOST "\r\n"), "404" },

    /* ends of lines, controls */
    { STR_INIT("GET / HTTP/1.1\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nX: a\x7f\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nX: a\x01\r\n\r\n"), "400" },

    /* fields */
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), "400" }, /* folded: RFC 9112 §5.2 */
    { STR_INIT("GET / HTTP/1.1\r\n " HOST "\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost : sotto.test\r\n\r\n"), "400" }, /* §5.1 */
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "X(Y): x\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "hOST: evil.test\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost: sotto.test:x\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost: sotto.test:\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost: sotto.test/x\r\n\r\n"), "400" },
    { STR_INIT("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"), "400" },

    /* lengths */
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\ncontent-length: 2\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n"), "413" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), "501" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"),
      "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST
               "Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n\r\n"),
      "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"), "501" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nGET "), "400" },
    { STR_INIT("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\n"), "400" },
    { STR_INIT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: tea\r\n\r\n"), "417" },
    { STR_INIT("GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n\r\n"), "400" },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t cut = 0; cut <= cases[i].in.n + 1; cut++)
            check_cut(cases[i].in, cut, cases[i].want);
}

static void add_filler(struct buf *b, size_t n, char c)
{
    memset(buf_extend(b, n), c, n);
}

/* The caps: of the head, of its first line, of its fields. */
static void test_caps(void **state)
{
    struct buf in;

    (void)state;
    buf_init(&in, 64 * 1024);
    buf_add(&in, STR("GET / HTTP/1.1\r\n" HOST "X: "));
    add_filler(&in, HTTP_HEAD_MAX - in.n - 4, 'x');
    buf_add(&in, STR("\r\n\r\n"));
    check_cut(buf_str(&in), 0, "GET host=sotto.test\n.\n");
    buf_cut(&in, in.n - 4);
    buf_add(&in, STR("x\r\n\r\n"));
    check_cut(buf_str(&in), 0, "431");

    buf_reset(&in);
    buf_add(&in, STR("GET /"));
    add_filler(&in, HTTP_HEAD_MAX, 'x');
    check_cut(buf_str(&in), 0, "414");

    for (int extra = 0; extra < 2; extra++) {
        buf_reset(&in);
        buf_add(&in, STR("GET / HTTP/1.1\r\n" HOST));
        for (int i = 1; i < HTTP_FIELDS_MAX + extra; i++)
            buf_add(&in, STR("X: y\r\n"));
        buf_add(&in, STR("\r\n"));
        check_cut(buf_str(&in), 0, extra ? "431" : "GET host=sotto.test\n.\n");
    }
    buf_deinit(&in);
}

static void test_fields(void **state)
{
    struct str in =
        STR("GET / HTTP/1.1\r\n" HOST "Upgrade: a, WebSocket\r\nupgrade: c\r\nEmpty:\r\n\r\n");
    struct http_parser p;
    struct http_event e;

    (void)state;
    http_parser_init(&p);
    http_parse(&p, &in, &e);
    assert_int_equal(e.kind, HTTP_REQUEST);
    check_str("first", http_get(&p.request, "UPGRADE"), "a, WebSocket");
    assert_true(http_lists(&p.request, "Upgrade", "websocket"));
    assert_true(http_lists(&p.request, "Upgrade", "C"));
    assert_false(http_lists(&p.request, "Upgrade", "Web"));
    assert_non_null(http_get(&p.request, "empty").p);
    assert_null(http_get(&p.request, "absent").p);
    http_parser_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
