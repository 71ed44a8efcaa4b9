/* test_url.c: addresses of files as we take them, and what a redirect may lead to. */
#include "test/unit/check.h"

#include "base/arena.h"
#include "http/url.h"

static const struct {
    const char *text;
    enum err err;
    const char *host, *name;
    unsigned port;
    const char *target;
} urls[] = {
    { "https://shelf.example.org/a/b.bin", ERR_NONE, "shelf.example.org", "shelf.example.org", 443,
      "/a/b.bin" },
    { "HTTPS://Shelf.Example.ORG", ERR_NONE, "shelf.example.org", "shelf.example.org", 443, "/" },
    { "https://a.example:5443/x?v=1&w=%20", ERR_NONE, "a.example", "a.example", 5443,
      "/x?v=1&w=%20" },
    { "https://a.example?q", ERR_NONE, "a.example", "a.example", 443, "/?q" },
    { "https://192.0.2.1/", ERR_NONE, "192.0.2.1", "192.0.2.1", 443, "/" },
    { "https://[2001:DB8::1]:8443/f", ERR_NONE, "[2001:db8::1]", "2001:db8::1", 8443, "/f" },
    { "https://xn--bcher-kva.example/", ERR_NONE, "xn--bcher-kva.example", "xn--bcher-kva.example",
      443, "/" },
    { "https://a_b.example/", ERR_NONE, "a_b.example", "a_b.example", 443, "/" },
    /* other schemes */
    { "http://a.example/", ERR_DENIED, "", "", 0, "" },
    { "aesgcm://a.example/", ERR_DENIED, "", "", 0, "" },
    { "file:///etc/passwd", ERR_DENIED, "", "", 0, "" },
    { "https:/a.example/", ERR_DENIED, "", "", 0, "" },
    { "", ERR_DENIED, "", "", 0, "" },
    /* ports that serve something else */
    { "https://a.example:22/", ERR_DENIED, "", "", 0, "" },
    { "https://a.example:1023/", ERR_DENIED, "", "", 0, "" },
    { "https://a.example:0/", ERR_DENIED, "", "", 0, "" },
    { "https://a.example:65536/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example:/", ERR_MALFORMED, "", "", 0, "" },
    /* hosts that some resolver makes an address of */
    { "https://localhost/", ERR_MALFORMED, "", "", 0, "" },
    { "https://2130706433/", ERR_MALFORMED, "", "", 0, "" },
    { "https://0x7f.0.0.1/", ERR_MALFORMED, "", "", 0, "" },
    { "https://127.1/", ERR_MALFORMED, "", "", 0, "" },
    { "https://127.0.0.01/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.0x7f000001/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example./", ERR_MALFORMED, "", "", 0, "" },
    { "https://.example/", ERR_MALFORMED, "", "", 0, "" },
    { "https://-a.example/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a..example/", ERR_MALFORMED, "", "", 0, "" },
    { "https:///path", ERR_MALFORMED, "", "", 0, "" },
    { "https://[::1%25lo]/", ERR_MALFORMED, "", "", 0, "" },
    /* what two readers understand in two ways */
    { "https://user@a.example/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example@b.example/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example\\@b.example/", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example/#f", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example/a b", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example/a\r\nX: y", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example/%zz", ERR_MALFORMED, "", "", 0, "" },
    { "https://a.example/\xc3\xbc", ERR_MALFORMED, "", "", 0, "" },
    { " https://a.example/", ERR_DENIED, "", "", 0, "" },
};

static void each_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct arena a = { 0 };
        struct https_url url = { 0 };

        check_err(urls[i].text, https_url_read(&a, str_from(urls[i].text), &url), urls[i].err);
        if (urls[i].err == ERR_NONE) {
            check_str(urls[i].text, url.host, urls[i].host);
            check_str(urls[i].text, url.name, urls[i].name);
            check_str(urls[i].text, url.target, urls[i].target);
            assert_int_equal(url.port, urls[i].port);
        }
        arena_deinit(&a);
    }
}

static const struct {
    const char *location;
    enum err err;
    const char *target;
} redirects[] = {
    { "/b", ERR_NONE, "/b" },
    { "/b?x=https://c.example/", ERR_NONE, "/b?x=https://c.example/" },
    { "https://A.example:5443/c", ERR_NONE, "/c" },
    { "https://a.example/c", ERR_DENIED, "" }, /* another port */
    { "https://b.example:5443/c", ERR_DENIED, "" },
    { "http://a.example:5443/c", ERR_DENIED, "" },
    { "https://127.0.0.1:5443/c", ERR_DENIED, "" },
    { "//b.example/c", ERR_DENIED, "" },
    { "//a.example:5443/c", ERR_DENIED, "" },
    { "c", ERR_DENIED, "" },
    { "../c", ERR_DENIED, "" },
    { "?c", ERR_DENIED, "" },
    { "", ERR_DENIED, "" },
    { "/b#f", ERR_MALFORMED, "" },
    { "/b c", ERR_MALFORMED, "" },
};

static void each_redirect(void **state)
{
    struct arena a = { 0 };
    struct https_url from = { 0 }, to;

    (void)state;
    check_err("from", https_url_read(&a, STR("https://a.example:5443/a"), &from), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(redirects); i++) {
        struct str location = str_from(redirects[i].location);

        to = (struct https_url){ 0 };
        check_err(redirects[i].location, https_url_follow(&a, &from, location, &to),
                  redirects[i].err);
        if (redirects[i].err == ERR_NONE)
            check_str(redirects[i].location, to.target, redirects[i].target);
    }
    arena_deinit(&a);
}

static void too_long(void **state)
{
    struct arena a = { 0 };
    struct https_url url;
    char text[URL_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i < 18 ? "https://a.example/"[i] : 'a';
    check_err("at the limit", https_url_read(&a, (struct str){ text, URL_MAX }, &url), ERR_NONE);
    check_err("past it", https_url_read(&a, (struct str){ text, sizeof text }, &url), ERR_TOO_BIG);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_url), cmocka_unit_test(each_redirect),
                                        cmocka_unit_test(too_long) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
