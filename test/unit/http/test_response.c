/* test_response.c: heads of answers, and the answer to a WebSocket handshake. */
#include "test/unit/check.h"

#include "http/response.h"
#include "http/websocket.h"

static void check_head(const struct http_response *r, const char *want)
{
    struct buf out;

    buf_init(&out, 8 * 1024);
    http_write_head(&out, r, 784111777000); /* the date of RFC 9110 §5.6.7 */
    check_str("head", buf_str(&out), want);
    buf_deinit(&out);
}

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define PROTECTION(policy)                                                                         \
    "Content-Security-Policy: " policy                                                             \
    "\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"                             \
    "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"

static void test_heads(void **state)
{
    /* What a peer chose is in the value: it stays on its line. */
    const struct http_field more[] = { { STR("X"), STR("a\r\nSet-Cookie: b\0") } };

    (void)state;
    check_head(&(struct http_response){ .status = 404, .type = STR("text/plain"), .length = 3 },
               "HTTP/1.1 404 Not Found\r\n" DATE "Content-Type: text/plain\r\nContent-Length: 3\r\n"
               "Cache-Control: no-store\r\n" PROTECTION(
                   "default-src 'none'; frame-ancestors 'none'") "Cross-Origin-Resource-Policy: "
                                                                 "same-origin\r\n\r\n");
    check_head(&(struct http_response){ .status = 204,
                                        .policy = STR("default-src 'self'"),
                                        .cache = STR("max-age=1"),
                                        .shared = true,
                                        .last = true,
                                        .more = more,
                                        .more_count = 1 },
               "HTTP/1.1 204 No Content\r\n" DATE "Cache-Control: max-age=1\r\n" PROTECTION(
                   "default-src 'self'") "Cross-Origin-Resource-Policy: "
                                         "cross-origin\r\nAccess-Control-Allow-Origin: *\r\n"
                                         "X: a  Set-Cookie: b \r\nConnection: close\r\n\r\n");
    check_head(&(struct http_response){ .status = 429, .retry_ms = 1001 },
               "HTTP/1.1 429 Too Many Requests\r\n" DATE "Content-Length: 0\r\n"
               "Cache-Control: no-store\r\n" PROTECTION(
                   "default-src 'none'; frame-ancestors 'none'") "Cross-Origin-Resource-Policy: "
                                                                 "same-origin\r\n"
                                                                 "Retry-After: 2\r\n\r\n");
}

static void test_texts(void **state)
{
    struct arena a = { 0 };

    (void)state;
    check_str("date", http_date(&a, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
    check_str("date", http_date(&a, 1767225600000), "Thu, 01 Jan 2026 00:00:00 GMT");
    check_str("name", http_disposition(&a, true, STR("na\xC3\xAFve \"\r\n.jpg")),
              "attachment; filename*=UTF-8''na%C3%AFve%20%22%0D%0A.jpg");
    check_str("name", http_disposition(&a, false, STR("a.png")), "inline; filename*=UTF-8''a.png");
    assert_string_equal(http_status_text(599), "Status");
    arena_deinit(&a);
}

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define UPGRADE "Host: a.test\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define XMPP    "Sec-WebSocket-Protocol: xmpp\r\n"

static const struct {
    const char *head;
    unsigned status;
} handshakes[] = {
    { "GET /ws HTTP/1.1\r\n" UPGRADE KEY XMPP "Sec-WebSocket-Version: 13\r\n\r\n", 101 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE KEY
      "Sec-WebSocket-Protocol: chat, xmpp\r\nSec-WebSocket-Version: 13\r\n\r\n",
      101 },
    { "POST /ws HTTP/1.1\r\n" UPGRADE KEY XMPP "Sec-WebSocket-Version: 13\r\n\r\n", 405 },
    { "GET /ws HTTP/1.1\r\nHost: a.test\r\n\r\n", 426 },
    { "GET /ws HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\n\r\n", 426 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE KEY XMPP "\r\n", 426 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE KEY XMPP "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE XMPP "Sec-WebSocket-Version: 13\r\n\r\n", 400 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE XMPP
      "Sec-WebSocket-Key: c2hvcnQ=\r\nSec-WebSocket-Version: 13\r\n\r\n",
      400 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: 13\r\n\r\n", 400 },
    { "GET /ws HTTP/1.1\r\n" UPGRADE KEY
      "Sec-WebSocket-Protocol: xmppx\r\nSec-WebSocket-Version: 13\r\n\r\n",
      400 },
};

static void test_handshakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handshakes); i++) {
        struct arena a = { 0 };
        struct http_request r;
        struct str accept = STR_NONE;
        unsigned status;

        check_err(handshakes[i].head, http_head_read(&a, str_from(handshakes[i].head), &r, &status),
                  ERR_NONE);
        assert_int_equal(http_websocket_accept(&a, &r, &accept), handshakes[i].status);
        if (handshakes[i].status == 101)
            check_str("RFC 6455 1.3", accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_handshakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
