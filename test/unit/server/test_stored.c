/* test_stored.c: what was kept as text comes back as the same tree. */
#include "test/unit/xmpp/check_xml.h"

#include "server/stored.h"

static const char *const stanzas[] = {
    "<message xmlns='jabber:client' to='bob@sotto.test' type='chat'><body>hi</body></message>",
    "<message xmlns='jabber:client'/>",
    "<presence xmlns='jabber:client' xml:lang='de'><show>away</show><c "
    "xmlns='http://jabber.org/protocol/caps' ver='x'/></presence>",
    "<message xmlns='jabber:client'><body>a &amp; b &lt; c &gt; d &apos; e &quot; \xc3\xa9 "
    "\xf0\x9f\x98\x80</body></message>",
    "<message xmlns='jabber:client' id='&#10;&#9;&apos;'><body>one&#13;\ntwo</body></message>",
    "<message xmlns='jabber:client'><x xmlns='urn:x' xmlns:p='urn:p' p:a='1' a='2'><p:y/><z "
    "xmlns=''/><body xmlns='jabber:client'/></x></message>",
    "<message xmlns='jabber:client'><forwarded xmlns='urn:xmpp:forward:0'><message "
    "xmlns='jabber:client'><body>x</body></message></forwarded></message>",
};

static void check_same(const struct xml_node *have, const struct xml_node *want)
{
    struct buf x, y;

    buf_init(&x, 64 * 1024);
    buf_init(&y, 64 * 1024);
    xml_write(&x, have, STR(""));
    xml_write(&y, want, STR(""));
    if (!str_eq(buf_str(&x), buf_str(&y)))
        fail_msg("have %.*s, want %.*s", STR_ARG(buf_str(&x)), STR_ARG(buf_str(&y)));
    buf_deinit(&x);
    buf_deinit(&y);
}

static void test_stanzas(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(stanzas); i++) {
        struct arena a = { 0 };
        struct xml_node *node = xml_of(&a, stanzas[i]), *back;
        struct blob *b = stanza_blob(node);

        back = stored_stanza(&a, stanza_text(&a, node));
        assert_non_null(back);
        check_same(back, node);
        assert_true(str_eq(blob_str(b), stanza_text(&a, node)));
        back = stored_element(&a, element_text(&a, node));
        assert_non_null(back);
        check_same(back, node);
        blob_unref(b);
        arena_deinit(&a);
    }
}

static const char *const damaged[] = {
    "", "<", "<message", "<message>", "<message/><message/>", "message", "<message a=>"
};

static void test_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        struct arena a = { 0 };

        assert_null(stored_stanza(&a, str_from(damaged[i])));
        assert_null(stored_element(&a, str_from(damaged[i])));
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stanzas),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
