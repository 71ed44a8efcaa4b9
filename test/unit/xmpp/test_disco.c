/* test_disco.c: caps hashes of XEP-0115 §5, and answers that have none. */
#include "test/unit/xmpp/check_xml.h"

#include <string.h>

#include "xmpp/disco.h"

#define QUERY(content)   "<query xmlns='http://jabber.org/protocol/disco#info'>" content "</query>"
#define FORM(content)    "<x xmlns='jabber:x:data' type='result'>" content "</x>"
#define FORM_TYPE(value) "<field var='FORM_TYPE' type='hidden'><value>" value "</value></field>"

static const struct {
    const char *name, *xml, *text, *hash;
} hashes[] = {
    { "XEP-0115 §5.2",
      "<query xmlns='http://jabber.org/protocol/disco#info' "
      "node='http://code.google.com/p/exodus#QgayPKawpkPSDYmwT/WM94uAlu0='>"
      "<identity category='client' name='Exodus 0.9.1' type='pc'/>"
      "<feature var='http://jabber.org/protocol/caps'/>"
      "<feature var='http://jabber.org/protocol/disco#info'/>"
      "<feature var='http://jabber.org/protocol/disco#items'/>"
      "<feature var='http://jabber.org/protocol/muc'/></query>",
      "client/pc//Exodus "
      "0.9.1<http://jabber.org/protocol/caps<http://jabber.org/protocol/disco#info<"
      "http://jabber.org/protocol/disco#items<http://jabber.org/protocol/muc<",
      "QgayPKawpkPSDYmwT/WM94uAlu0=" },
    { "XEP-0115 §5.3",
      "<query xmlns='http://jabber.org/protocol/disco#info' "
      "node='http://psi-im.org#q07IKJEyjvHSyhy//CH0CxmKi8w='>"
      "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
      "<identity xml:lang='el' category='client' name='\u03a8 0.11' type='pc'/>"
      "<feature var='http://jabber.org/protocol/caps'/>"
      "<feature var='http://jabber.org/protocol/disco#info'/>"
      "<feature var='http://jabber.org/protocol/disco#items'/>"
      "<feature var='http://jabber.org/protocol/muc'/>"
      "<x xmlns='jabber:x:data' type='result'>"
      "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>"
      "<field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field>"
      "<field var='os'><value>Mac</value></field>"
      "<field var='os_version'><value>10.5.1</value></field>"
      "<field var='software'><value>Psi</value></field>"
      "<field var='software_version'><value>0.11</value></field></x></query>",
      "client/pc/el/\u03a8 0.11<client/pc/en/Psi 0.11<http://jabber.org/protocol/caps<"
      "http://jabber.org/protocol/disco#info<http://jabber.org/protocol/disco#items<"
      "http://jabber.org/protocol/muc<urn:xmpp:dataforms:softwareinfo<ip_version<ipv4<ipv6<os<Mac<"
      "os_version<10.5.1<software<Psi<software_version<0.11<",
      "q07IKJEyjvHSyhy//CH0CxmKi8w=" },
    { "everything sorted by octets",
      QUERY(
          FORM(FORM_TYPE("b") "<field var='z'><value>2</value><value>10</value><value/></field>"
                              "<field var='Z'/>")
              FORM(FORM_TYPE(
                  "a")) "<feature var='b'/><feature var='B'/><feature var='aa'/><feature var='a'/>"
                        "<identity category='server' type='im'/>"
                        "<identity category='automation' type='command-list'/>"
                        "<identity category='server' type='im' xml:lang='de'/>"),
      "automation/command-list//<server/im//<server/im/de/<B<a<aa<b<a<b<Z<z<<10<2<", NULL },
    { "nothing", QUERY(""), "", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=" }, /* SHA-1 of no octets */
    { "forms without a hidden FORM_TYPE do not count: §5.4",
      QUERY("<feature var='f'/>" FORM("<field var='os'><value>Mac</value></field>")
                FORM("<field var='FORM_TYPE'><value>a</value></field>")
                    FORM("<field var='FORM_TYPE' type='text-single'><value>a</value></field>")),
      "f<", NULL },
    { "a FORM_TYPE said twice",
      QUERY(FORM("<field var='FORM_TYPE' type='hidden'><value>a</value><value>a</value></field>")),
      "a<", NULL },
    { "elements of others do not count",
      QUERY("<feature xmlns='urn:example' var='no'/><identity xmlns='urn:example' "
            "category='no'/><feature var='f'/>"),
      "f<", NULL },
    { "same category, other name",
      QUERY("<identity category='c' type='t' name='a'/>"
            "<identity category='c' type='t' name='b'/>"),
      "c/t//a<c/t//b<", NULL },
};

static void hashes_are_those_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hashes); i++) {
        struct arena a = { 0 };
        struct xml_node *query = xml_of(&a, hashes[i].xml);
        struct str text = STR_NONE, hash = STR_NONE;

        check_err(hashes[i].name, disco_caps_string(&a, query, &text), ERR_NONE);
        check_str(hashes[i].name, text, hashes[i].text);
        check_err(hashes[i].name, disco_caps_hash(&a, query, &hash), ERR_NONE);
        assert_int_equal(hash.n, 28);
        if (hashes[i].hash != NULL)
            check_str(hashes[i].name, hash, hashes[i].hash);
        arena_deinit(&a);
    }
}

static const char *const ill_formed[] = {
    /* XEP-0115 §5.4, 3.3 to 3.5 */
    QUERY("<identity category='c' type='t'/><identity category='c' type='t'/>"),
    QUERY(
        "<identity category='c' type='t' name='n' xml:lang='en'/><identity category='d' type='t'/>"
        "<identity category='c' type='t' name='n' xml:lang='en'/>"),
    QUERY("<feature var='a'/><feature var='b'/><feature var='a'/>"),
    QUERY(FORM(FORM_TYPE("a")) FORM(FORM_TYPE("b")) FORM(FORM_TYPE("a"))),
    QUERY(FORM("<field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value></field>")),
    /* two answers, one hash */
    QUERY("<feature var='a&lt;b'/>"),
    QUERY("<identity category='c' type='t' name='&lt;'/>"),
    QUERY(FORM(FORM_TYPE("a&lt;"))),
    QUERY(FORM(FORM_TYPE("a") "<field var='&lt;'/>")),
    QUERY(FORM(FORM_TYPE("a") "<field var='v'><value>&lt;</value></field>")),
};

static void ill_formed_answers_have_no_hash(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ill_formed); i++) {
        struct arena a = { 0 };
        struct str hash;

        check_err(ill_formed[i], disco_caps_hash(&a, xml_of(&a, ill_formed[i]), &hash),
                  ERR_MALFORMED);
        arena_deinit(&a);
    }
}

static void a_text_beyond_the_cap_has_no_hash(void **state)
{
    struct arena a = { 0 };
    struct xml_node *query = xml_new(&a, STR(NS_DISCO_INFO), STR("query"));
    size_t n = 300 * 1024;
    char *var = arena_raw(&a, n);
    struct str hash;

    (void)state;
    memset(var, 'v', n);
    disco_feature(&a, query, (struct str){ var, n });
    assert_int_equal(disco_caps_hash(&a, query, &hash), ERR_TOO_BIG);
    arena_deinit(&a);
}

static void answers_are_built(void **state)
{
    struct arena a = { 0 };
    struct xml_node *query = xml_new(&a, STR(NS_DISCO_INFO), STR("query"));

    (void)state;
    disco_identity(&a, query, STR("server"), STR("im"), STR("Sotto"));
    disco_identity(&a, query, STR("pubsub"), STR("pep"), STR_NONE);
    disco_feature(&a, query, STR(NS_PING));
    check_xml("query", query,
              QUERY("<identity category='server' type='im' name='Sotto'/>"
                    "<identity category='pubsub' type='pep'/><feature var='urn:xmpp:ping'/>"));
    assert_true(disco_has_feature(query, STR(NS_PING)));
    assert_false(disco_has_feature(query, STR("urn:xmpp")));
    assert_false(disco_has_feature(query, STR_NONE));
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_standard),
        cmocka_unit_test(ill_formed_answers_have_no_hash),
        cmocka_unit_test(a_text_beyond_the_cap_has_no_hash),
        cmocka_unit_test(answers_are_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
