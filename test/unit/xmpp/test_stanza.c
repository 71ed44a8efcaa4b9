/* test_stanza.c: what is a stanza, what answers it, and what is not answered (RFC 6120 §8). */
#include "test/unit/xmpp/check_xml.h"

#include "xmpp/stanza.h"

#define CLIENT "xmlns='jabber:client'"

static const struct {
    const char *xml;
    enum err err;
    enum stanza_condition why;
    enum stanza_type type;
    const char *from, *to, *id, *lang;
    const char *payload; /* name of the only child of a request */
} stanzas[] = {
    /* RFC 6120 §8.1, RFC 6121 §5.2 */
    { "<message " CLIENT
      " from='romeo@example.net/orchard' to='juliet@example.com/balcony' id='ktx72v49' "
      "type='chat' xml:lang='en'><body>Art thou not Romeo?</body></message>",
      ERR_NONE, COND_NONE, MESSAGE_CHAT, "romeo@example.net/orchard", "juliet@example.com/balcony",
      "ktx72v49", "en", NULL },
    { "<message " CLIENT "/>", ERR_NONE, COND_NONE, MESSAGE_NORMAL, NULL, NULL, NULL, NULL, NULL },
    { "<message " CLIENT " type='normal'/>", ERR_NONE, COND_NONE, MESSAGE_NORMAL, NULL, NULL, NULL,
      NULL, NULL },
    { "<message " CLIENT " type='groupchat'/>", ERR_NONE, COND_NONE, MESSAGE_GROUPCHAT, NULL, NULL,
      NULL, NULL, NULL },
    { "<message " CLIENT " type='headline'/>", ERR_NONE, COND_NONE, MESSAGE_HEADLINE, NULL, NULL,
      NULL, NULL, NULL },
    { "<message " CLIENT " type='error'/>", ERR_NONE, COND_NONE, MESSAGE_ERROR, NULL, NULL, NULL,
      NULL, NULL },
    { "<message " CLIENT " type='sonnet'/>", ERR_NONE, COND_NONE, MESSAGE_NORMAL, NULL, NULL, NULL,
      NULL, NULL },
    { "<message " CLIENT " type=''/>", ERR_NONE, COND_NONE, MESSAGE_NORMAL, NULL, NULL, NULL, NULL,
      NULL },
    { "<message xmlns='jabber:server' from='example.net' to='example.com'/>", ERR_NONE, COND_NONE,
      MESSAGE_NORMAL, "example.net", "example.com", NULL, NULL, NULL },
    /* RFC 6121 §4.7.1 */
    { "<presence " CLIENT "/>", ERR_NONE, COND_NONE, PRESENCE_AVAILABLE, NULL, NULL, NULL, NULL,
      NULL },
    { "<presence " CLIENT " type='unavailable'/>", ERR_NONE, COND_NONE, PRESENCE_UNAVAILABLE, NULL,
      NULL, NULL, NULL, NULL },
    { "<presence " CLIENT " id='xk3h1v69' to='juliet@example.com' type='subscribe'/>", ERR_NONE,
      COND_NONE, PRESENCE_SUBSCRIBE, NULL, "juliet@example.com", "xk3h1v69", NULL, NULL },
    { "<presence " CLIENT " type='subscribed'/>", ERR_NONE, COND_NONE, PRESENCE_SUBSCRIBED, NULL,
      NULL, NULL, NULL, NULL },
    { "<presence " CLIENT " type='unsubscribe'/>", ERR_NONE, COND_NONE, PRESENCE_UNSUBSCRIBE, NULL,
      NULL, NULL, NULL, NULL },
    { "<presence " CLIENT " type='unsubscribed'/>", ERR_NONE, COND_NONE, PRESENCE_UNSUBSCRIBED,
      NULL, NULL, NULL, NULL, NULL },
    { "<presence " CLIENT " type='probe'/>", ERR_NONE, COND_NONE, PRESENCE_PROBE, NULL, NULL, NULL,
      NULL, NULL },
    { "<presence " CLIENT " type='error'/>", ERR_NONE, COND_NONE, PRESENCE_ERROR, NULL, NULL, NULL,
      NULL, NULL },
    { "<presence " CLIENT " type='available'/>", ERR_MALFORMED, COND_BAD_REQUEST,
      PRESENCE_AVAILABLE, NULL, NULL, NULL, NULL, NULL },
    { "<presence " CLIENT " type=''/>", ERR_MALFORMED, COND_BAD_REQUEST, PRESENCE_AVAILABLE, NULL,
      NULL, NULL, NULL, NULL },
    /* RFC 6120 §8.2.3 */
    { "<iq " CLIENT " from='juliet@capulet.com/balcony' id='rg1' type='get'>\n"
      "  <query xmlns='jabber:iq:roster'/>\n</iq>",
      ERR_NONE, COND_NONE, IQ_GET, "juliet@capulet.com/balcony", NULL, "rg1", NULL, "query" },
    { "<iq " CLIENT " id='a' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
      ERR_NONE, COND_NONE, IQ_SET, NULL, NULL, "a", NULL, "bind" },
    { "<iq " CLIENT " id='a' type='result'/>", ERR_NONE, COND_NONE, IQ_RESULT, NULL, NULL, "a",
      NULL, NULL },
    { "<iq " CLIENT " id='a' type='result'><x xmlns='y'/></iq>", ERR_NONE, COND_NONE, IQ_RESULT,
      NULL, NULL, "a", NULL, NULL },
    { "<iq " CLIENT " id='a' type='error'><x xmlns='y'/><error type='cancel'/></iq>", ERR_NONE,
      COND_NONE, IQ_ERROR, NULL, NULL, "a", NULL, NULL },
    { "<iq " CLIENT " type='get'><x xmlns='y'/></iq>", ERR_MALFORMED, COND_BAD_REQUEST, IQ_GET,
      NULL, NULL, NULL, NULL, NULL },
    { "<iq " CLIENT " id='' type='get'><x xmlns='y'/></iq>", ERR_MALFORMED, COND_BAD_REQUEST,
      IQ_GET, NULL, NULL, "", NULL, NULL },
    { "<iq " CLIENT " id='a' type='get'/>", ERR_MALFORMED, COND_BAD_REQUEST, IQ_GET, NULL, NULL,
      "a", NULL, NULL },
    { "<iq " CLIENT " id='a' type='get'>text</iq>", ERR_MALFORMED, COND_BAD_REQUEST, IQ_GET, NULL,
      NULL, "a", NULL, NULL },
    { "<iq " CLIENT " id='a' type='set'><x xmlns='y'/><x xmlns='y'/></iq>", ERR_MALFORMED,
      COND_BAD_REQUEST, IQ_SET, NULL, NULL, "a", NULL, NULL },
    { "<iq " CLIENT " id='a' type='result'><x xmlns='y'/><x xmlns='y'/></iq>", ERR_MALFORMED,
      COND_BAD_REQUEST, IQ_RESULT, NULL, NULL, "a", NULL, NULL },
    { "<iq " CLIENT " type='result'/>", ERR_MALFORMED, COND_BAD_REQUEST, IQ_RESULT, NULL, NULL,
      NULL, NULL, NULL },
    { "<iq " CLIENT " id='a'><x xmlns='y'/></iq>", ERR_MALFORMED, COND_BAD_REQUEST, IQ_GET, NULL,
      NULL, "a", NULL, NULL },
    { "<iq " CLIENT " id='a' type='chat'><x xmlns='y'/></iq>", ERR_MALFORMED, COND_BAD_REQUEST,
      IQ_GET, NULL, NULL, "a", NULL, NULL },
    /* addresses are prepared; what can be read of a bad stanza is */
    { "<message " CLIENT " to='Juliet@EXAMPLE.com/Balcony'/>", ERR_NONE, COND_NONE, MESSAGE_NORMAL,
      NULL, "juliet@example.com/Balcony", NULL, NULL, NULL },
    { "<message " CLIENT " from='a@example.com/r' to='a@b@c' id='1' type='chat'/>", ERR_MALFORMED,
      COND_JID_MALFORMED, MESSAGE_CHAT, "a@example.com/r", NULL, "1", NULL, NULL },
    { "<message " CLIENT " from='@' to='example.com'/>", ERR_MALFORMED, COND_JID_MALFORMED,
      MESSAGE_NORMAL, NULL, "example.com", NULL, NULL, NULL },
    { "<message " CLIENT " to=''/>", ERR_MALFORMED, COND_JID_MALFORMED, MESSAGE_NORMAL, NULL, NULL,
      NULL, NULL, NULL },
    { "<iq " CLIENT " id='a' type='error' to='/'/>", ERR_MALFORMED, COND_JID_MALFORMED, IQ_ERROR,
      NULL, NULL, "a", NULL, NULL },
};

static void check_address(const char *xml, struct arena *a, bool present, const struct jid *j,
                          const char *want)
{
    if (present != (want != NULL))
        fail_msg("%s: address %s", xml, present ? "present" : "absent");
    if (present)
        check_str(xml, jid_text(a, j), want);
}

static void check_optional(const char *xml, struct str have, const char *want)
{
    assert_int_equal(have.p != NULL, want != NULL);
    check_str(xml, have, want ? want : "");
}

static void stanzas_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(stanzas); i++) {
        const char *xml = stanzas[i].xml;
        struct arena a = { 0 };
        struct stanza s;
        enum stanza_condition why;

        check_err(xml, stanza_parse(&a, xml_of(&a, xml), &s, &why), stanzas[i].err);
        assert_int_equal(why, stanzas[i].why);
        if (s.type != stanzas[i].type)
            fail_msg("%s: type %d", xml, (int)s.type);
        check_address(xml, &a, s.has_from, &s.from, stanzas[i].from);
        check_address(xml, &a, s.has_to, &s.to, stanzas[i].to);
        check_optional(xml, s.id, stanzas[i].id);
        check_optional(xml, s.lang, stanzas[i].lang);
        check_optional(xml, s.payload ? s.payload->name : STR_NONE, stanzas[i].payload);
        arena_deinit(&a);
    }
}

static void other_elements_are_no_stanzas(void **state)
{
    static const char *const others[] = {
        "<message/>",
        "<message xmlns='jabber:component:accept'/>",
        "<body " CLIENT "/>",
        "<Message " CLIENT "/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<presence xmlns='http://etherx.jabber.org/streams'/>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct arena a = { 0 };
        enum stanza_condition why;
        struct stanza s;

        check_err(others[i], stanza_parse(&a, xml_of(&a, others[i]), &s, &why), ERR_UNSUPPORTED);
        arena_deinit(&a);
    }
}

static struct stanza read_stanza(struct arena *a, const char *xml)
{
    enum stanza_condition why;
    struct stanza s = { 0 };
    enum err e = stanza_parse(a, xml_of(a, xml), &s, &why);

    assert_true(e == ERR_NONE || e == ERR_MALFORMED);
    return s;
}

static const struct {
    const char *xml;
    bool may;
} answerable[] = {
    { "<message " CLIENT "/>", true },
    { "<message " CLIENT " type='error'/>", false },
    { "<presence " CLIENT "/>", true },
    { "<presence " CLIENT " type='error'/>", false },
    { "<iq " CLIENT " id='a' type='get'><x xmlns='y'/></iq>", true },
    { "<iq " CLIENT " id='a' type='set'/>", true },
    { "<iq " CLIENT " id='a' type='?'/>", true },
    { "<iq " CLIENT " id='a' type='result'/>", false },
    { "<iq " CLIENT " type='result'/>", false },
    { "<iq " CLIENT " id='a' type='error'/>", false },
    { "<iq " CLIENT " type='error' from='@'/>", false },
};

static void errors_and_results_are_not_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answerable); i++) {
        struct arena a = { 0 };
        struct stanza s = read_stanza(&a, answerable[i].xml);

        if (stanza_may_be_answered(&s) != answerable[i].may)
            fail_msg("%s", answerable[i].xml);
        arena_deinit(&a);
    }
}

/* RFC 6120 §8.3.3 names the types, XEP-0086 §3 the codes. */
static const struct {
    enum stanza_condition condition;
    const char *name, *type, *code;
} conditions[] = {
    { COND_BAD_REQUEST, "bad-request", "modify", "400" },
    { COND_CONFLICT, "conflict", "cancel", "409" },
    { COND_FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", "cancel", "501" },
    { COND_FORBIDDEN, "forbidden", "auth", "403" },
    { COND_GONE, "gone", "cancel", "302" },
    { COND_INTERNAL_SERVER_ERROR, "internal-server-error", "cancel", "500" },
    { COND_ITEM_NOT_FOUND, "item-not-found", "cancel", "404" },
    { COND_JID_MALFORMED, "jid-malformed", "modify", "400" },
    { COND_NOT_ACCEPTABLE, "not-acceptable", "modify", "406" },
    { COND_NOT_ALLOWED, "not-allowed", "cancel", "405" },
    { COND_NOT_AUTHORIZED, "not-authorized", "auth", "401" },
    { COND_POLICY_VIOLATION, "policy-violation", "modify", "403" },
    { COND_RECIPIENT_UNAVAILABLE, "recipient-unavailable", "wait", "404" },
    { COND_REDIRECT, "redirect", "modify", "302" },
    { COND_REGISTRATION_REQUIRED, "registration-required", "auth", "407" },
    { COND_REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", "cancel", "404" },
    { COND_REMOTE_SERVER_TIMEOUT, "remote-server-timeout", "wait", "504" },
    { COND_RESOURCE_CONSTRAINT, "resource-constraint", "wait", "500" },
    { COND_SERVICE_UNAVAILABLE, "service-unavailable", "cancel", "503" },
    { COND_SUBSCRIPTION_REQUIRED, "subscription-required", "auth", "407" },
    { COND_UNDEFINED_CONDITION, "undefined-condition", "cancel", "500" },
    { COND_UNEXPECTED_REQUEST, "unexpected-request", "wait", "400" },
};

static void every_condition_has_its_type_and_code(void **state)
{
    struct arena a = { 0 };
    struct stanza s = read_stanza(&a, "<message " CLIENT "/>");

    (void)state;
    assert_int_equal(COUNT_OF(conditions), COND_UNEXPECTED_REQUEST);
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        struct xml_node *answer = stanza_error(&a, &s, conditions[i].condition, STR_NONE);
        struct xml_node *error = stanza_error_child(answer);

        assert_string_equal(stanza_condition_text(conditions[i].condition), conditions[i].name);
        assert_non_null(error);
        check_str(conditions[i].name, xml_get(error, STR("type")), conditions[i].type);
        check_str(conditions[i].name, xml_get(error, STR("code")), conditions[i].code);
        assert_int_equal(xml_count_elements(error), 1);
        assert_non_null(xml_child(error, STR(NS_STANZA_ERRORS), str_from(conditions[i].name)));
    }
    arena_deinit(&a);
}

static const struct {
    const char *xml;
    enum stanza_condition why; /* COND_NONE: the result */
    const char *text, *answer;
} answers[] = {
    { "<iq " CLIENT " from='juliet@capulet.com/balcony' to='capulet.com' id='s2c1' type='get'>"
      "<ping xmlns='urn:xmpp:ping'/></iq>", /* XEP-0199, example 5 and 6 */
      COND_NONE, "",
      "<iq from='capulet.com' to='juliet@capulet.com/balcony' id='s2c1' type='result'/>" },
    { "<iq " CLIENT " id='a' type='set'><x xmlns='y'/></iq>", COND_NONE, "",
      "<iq id='a' type='result'/>" },
    { "<iq " CLIENT
      " from='a@example.com/r' to='b@example.com' id='1' type='get'><x xmlns='y'/></iq>",
      COND_SERVICE_UNAVAILABLE, "",
      "<iq from='b@example.com' to='a@example.com/r' id='1' type='error'>"
      "<error type='cancel' code='503'><service-unavailable xmlns='" NS_STANZA_ERRORS
      "'/></error></iq>" },
    { "<message " CLIENT " from='a@example.com/r' to='b@example.com'><body>hi</body></message>",
      COND_POLICY_VIOLATION, "Send it <encrypted>.",
      "<message from='b@example.com' to='a@example.com/r' type='error'><error type='modify' "
      "code='403'>"
      "<policy-violation xmlns='" NS_STANZA_ERRORS "'/><text xmlns='" NS_STANZA_ERRORS
      "' xml:lang='en'>Send it &lt;encrypted&gt;.</text></error></message>" },
    { "<message " CLIENT " from='a@example.com/r' to='a@b@c' id='1' type='chat'/>",
      COND_JID_MALFORMED, "",
      "<message to='a@example.com/r' id='1' type='error'><error type='modify' code='400'>"
      "<jid-malformed xmlns='" NS_STANZA_ERRORS "'/></error></message>" },
    { "<presence xmlns='jabber:server' from='example.net' to='example.com' type='probe'/>",
      COND_ITEM_NOT_FOUND, "",
      "<presence xmlns='jabber:server' from='example.com' to='example.net' type='error'>"
      "<error type='cancel' code='404'><item-not-found xmlns='" NS_STANZA_ERRORS
      "'/></error></presence>" },
};

static void answers_go_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct arena a = { 0 };
        struct stanza s = read_stanza(&a, answers[i].xml);
        struct xml_node *answer =
            answers[i].why == COND_NONE
                ? stanza_result(&a, &s)
                : stanza_error(&a, &s, answers[i].why, str_from(answers[i].text));

        check_xml(answers[i].xml, answer, answers[i].answer);
        arena_deinit(&a);
    }
}

static void stanzas_of_our_own(void **state)
{
    struct arena a = { 0 };

    (void)state;
    check_xml("all",
              stanza_new(&a, STANZA_PRESENCE, stanza_type_text(PRESENCE_UNAVAILABLE),
                         STR("a@example.com"), STR("b@example.com"), STR("1")),
              "<presence from='a@example.com' to='b@example.com' id='1' type='unavailable'/>");
    check_xml("none",
              stanza_new(&a, STANZA_MESSAGE, stanza_type_text(MESSAGE_NORMAL), STR_NONE, STR_NONE,
                         STR_NONE),
              "<message/>");
    assert_null(stanza_type_text(PRESENCE_AVAILABLE));
    assert_string_equal(stanza_type_text(IQ_RESULT), "result");
    assert_string_equal(stanza_type_text(MESSAGE_HEADLINE), "headline");
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stanzas_are_read),
        cmocka_unit_test(other_elements_are_no_stanzas),
        cmocka_unit_test(errors_and_results_are_not_answered),
        cmocka_unit_test(every_condition_has_its_type_and_code),
        cmocka_unit_test(answers_go_back),
        cmocka_unit_test(stanzas_of_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
