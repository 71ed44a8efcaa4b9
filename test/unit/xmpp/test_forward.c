/* test_forward.c: delayed and forwarded stanzas as XEP-0203 and XEP-0297 show them. */
#include "test/unit/xmpp/check_xml.h"

#include "xmpp/delay.h"
#include "xmpp/forward.h"

#define MESSAGE(content)                                                                           \
    "<message xmlns='jabber:client' from='romeo@montague.net/orchard' to='juliet@capulet.com' "    \
    "type='chat'>"                                                                                 \
    "<body>O blessed, blessed night!</body>" content "</message>"

static void stamps_are_utc(void **state)
{
    struct arena a = { 0 };
    struct xml_node *held = xml_of(&a, MESSAGE("")),
                    *anonymous = xml_new(&a, STR(NS_MAM), STR("result"));

    (void)state;
    delay_add(&a, held, STR("capulet.com"), 1031699305000);
    check_xml("XEP-0203 §3", held,
              "<message from='romeo@montague.net/orchard' to='juliet@capulet.com' type='chat'>"
              "<body>O blessed, blessed night!</body>"
              "<delay xmlns='urn:xmpp:delay' from='capulet.com' "
              "stamp='2002-09-10T23:08:25.000Z'/></message>");
    delay_add(&a, anonymous, STR_NONE, 1);
    check_xml("no sender", anonymous,
              "<result xmlns='urn:xmpp:mam:2'><delay xmlns='urn:xmpp:delay' "
              "stamp='1970-01-01T00:00:00.001Z'/></result>");
    arena_deinit(&a);
}

static void stanzas_are_wrapped(void **state)
{
    struct arena a = { 0 };
    struct xml_node *sent = xml_new(&a, STR(NS_CARBONS), STR("sent"));
    struct xml_node *result = xml_new(&a, STR(NS_MAM), STR("result"));
    struct xml_node *forwarded = forward_add(&a, sent, xml_of(&a, MESSAGE("")));

    (void)state;
    assert_ptr_equal(forwarded, xml_first_element(sent));
    check_xml("XEP-0280 §6", sent,
              "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" MESSAGE(
                  "") "</forwarded></sent>");
    forward_add_stored(&a, result, 1278803305000, xml_of(&a, MESSAGE("")));
    check_xml("XEP-0297 §3", result,
              "<result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>"
              "<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25.000Z'/>" MESSAGE(
                  "") "</forwarded></result>");
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_are_utc),
        cmocka_unit_test(stanzas_are_wrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
