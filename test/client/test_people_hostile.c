/* test_people_hostile.c: what others, or a server that lies, do to the lists of people of one engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "client/invitation.h"
#include "client/people_inside.h"
#include "xml/parser.h"

enum { ROWS = 100 * 1000, CONTACTS = 20000, ASKING = 1000 };

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)i;
}

static int set_up(void **state)
{
    static const struct random random = { fill, NULL };
    struct engine_config config = { .jid = { STR("alice"), STR("sotto.test"), STR_NONE },
                                    .random = &random };

    *state = engine_new(&config);
    return 0;
}

static int tear_down(void **state)
{
    engine_free(*state);
    return 0;
}

static struct stanza stanza_of(struct arena *a, const char *text)
{
    static const struct xml_limits limits = { 1 << 20, 64, 64, 20000 };
    enum stanza_condition why;
    struct xml_node *node;
    struct stanza s;

    assert_int_equal(xml_parse_document(a, str_from(text), &limits, &node), ERR_NONE);
    assert_int_equal(stanza_parse(a, node, &s, &why), ERR_NONE);
    return s;
}

static bool push(struct engine *c, const char *from, const char *item)
{
    struct arena a = { 0 };
    struct str text = arena_printf(&a,
                                   "<iq xmlns='jabber:client' type='set' id='1'%s><query "
                                   "xmlns='jabber:iq:roster'>%s</query></iq>",
                                   from, item);
    struct stanza s = stanza_of(&a, text.p);
    bool taken = contacts_pushed(c, &s);

    arena_deinit(&a);
    engine_end_round(c);
    return taken;
}

static void presence(struct engine *c, const char *attributes, const char *content)
{
    struct arena a = { 0 };
    struct str text =
        arena_printf(&a, "<presence xmlns='jabber:client' %s>%s</presence>", attributes, content);
    struct stanza s = stanza_of(&a, text.p);

    contacts_presence(c, &s);
    arena_deinit(&a);
    engine_end_round(c);
}

static size_t count(struct engine *c)
{
    struct contact contact;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_contact(c, &cursor, &contact);)
        n++;
    return n;
}

/* RFC 6121 §2.1.6: a push is our own account's word, and nobody else's. */
static void pushes_of_others(void **state)
{
    struct engine *c = *state;

    assert_false(
        push(c, " from='eve@e.example'", "<item jid='eve@e.example' subscription='both'/>"));
    assert_false(push(c, " from='sotto.test'", "<item jid='eve@e.example' subscription='both'/>"));
    assert_false(push(c, " from='alice@sotto.test/phone'",
                      "<item jid='eve@e.example' subscription='both'/>"));
    assert_int_equal(count(c), 0);
    assert_false(people_may_know(c, STR("eve@e.example")));
    assert_true(
        push(c, " from='alice@sotto.test'", "<item jid='eve@e.example' subscription='both'/>"));
    assert_true(push(c, "", "<item jid='bob@e.example' subscription='to'/>"));
    assert_int_equal(count(c), 2);
    assert_true(people_may_know(c, STR("eve@e.example"))
                && !people_may_know(c, STR("bob@e.example")));
}

static void items_that_are_none(void **state)
{
    struct engine *c = *state;
    static const char *const items[] = {
        "<item/>",
        "<item jid=''/>",
        "<item jid='@'/>",
        "<item jid='eve@e.example/phone'/>",
        "<thing jid='eve@e.example'/>",
        "",
        "<item jid='eve@e.example' subscription='remove'/>",
    };

    for (size_t i = 0; i < COUNT_OF(items); i++)
        assert_true(push(c, "", items[i]));
    assert_int_equal(count(c), 0);
    assert_true(push(c, "", "<item jid='eve@e.example' subscription='all' name=''/>"));
    assert_int_equal(count(c), 1);
    assert_false(people_may_know(c, STR("eve@e.example")));
}

static void more_contacts_than_anybody_has(void **state)
{
    struct engine *c = *state;
    char item[128];

    for (int i = 0; i < ROWS; i++) {
        (void)snprintf(item, sizeof item,
                       "<item jid='n%d@e.example' name='%d' subscription='both'/>", i, i);
        assert_true(push(c, "", item));
        if (i % 1000 == 0)
            while (engine_commit(c) != NULL)
                engine_committed(c, true);
    }
    assert_int_equal(count(c), CONTACTS);
    assert_true(push(c, "", "<item jid='n0@e.example' subscription='remove'/>"));
    assert_int_equal(count(c), CONTACTS - 1);
    assert_true(push(c, "", "<item jid='bob@e.example' subscription='both'/>"));
    assert_true(people_may_know(c, STR("bob@e.example")));
}

static void a_flood_of_requests(void **state)
{
    struct engine *c = *state;
    char from[64];

    for (int i = 0; i < 5 * ASKING; i++) {
        (void)snprintf(from, sizeof from, "type='subscribe' from='n%d@e.example/%d'", i, i);
        presence(c, from, "<status>\xe2\x80\xae trust me</status>");
        presence(c, from, "");
    }
    assert_int_equal(count(c), ASKING);
    presence(c, "type='unsubscribe' from='n0@e.example'", ""); /* and room again */
    assert_int_equal(count(c), ASKING - 1);
    presence(c, "type='subscribe' from='bob@e.example'", "");
    assert_int_equal(count(c), ASKING);
    presence(c, "type='subscribed' from='eve@e.example'", "");
    assert_false(people_may_know(c, STR("eve@e.example")));
}

/* Only contacts are shown as there, each with so many devices, and what they say is cut in whole characters. */
static void a_flood_of_presence(void **state)
{
    struct engine *c = *state;
    struct contact contact = { 0 };
    char from[64], status[1200] = "<status>";
    size_t n = 8;

    presence(c, "from='eve@e.example/x'", "");
    there_of(c, STR("eve@e.example"), &contact);
    assert_int_equal(contact.show, SHOW_OFFLINE);
    assert_true(push(c, "", "<item jid='bob@e.example' subscription='to'/>"));
    while (n < 1001)
        n += (size_t)snprintf(status + n, sizeof status - n, "\xe2\x82\xac");
    (void)snprintf(status + n, sizeof status - n, "</status>");
    presence(c, "from='bob@e.example/first'", status);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(from, sizeof from, "from='bob@e.example/%d'", i);
        presence(c, from, "<priority>-1</priority><show>dnd</show>");
    }
    assert_int_equal(c->people.devices, 8);
    there_of(c, STR("bob@e.example"), &contact);
    assert_int_equal(contact.show, SHOW_ONLINE);
    assert_int_equal(contact.status.n, 255);
    presence(c, "type='unavailable' from='bob@e.example/first'", "");
    there_of(c, STR("bob@e.example"), &contact);
    assert_int_equal(contact.show, SHOW_DND);
    presence(c, "from='bob@e.example/phone'", "<priority>200</priority><show>away</show>");
    there_of(c, STR("bob@e.example"), &contact); /* no priority at all: 0 */
    assert_int_equal(contact.show, SHOW_AWAY);
    presence(c, "type='error' from='bob@e.example'", "");
    assert_int_equal(c->people.devices, 0);
}

static bool push_block(struct engine *c, const char *from, const char *what, const char *items)
{
    struct arena a = { 0 };
    struct str text = arena_printf(&a,
                                   "<iq xmlns='jabber:client' type='set' id='1'%s><%s "
                                   "xmlns='urn:xmpp:blocking'>%s</%s></iq>",
                                   from, what, items, what);
    struct stanza s = stanza_of(&a, text.p);
    bool taken = blocks_pushed(c, &s);

    arena_deinit(&a);
    engine_end_round(c);
    return taken;
}

static bool is_blocked(struct engine *c, const char *whom)
{
    struct arena a = { 0 };
    struct jid jid;
    bool blocked;

    assert_int_equal(jid_parse(&a, str_from(whom), &jid), ERR_NONE);
    blocked = people_is_blocked(c, &jid);
    arena_deinit(&a);
    return blocked;
}

/* XEP-0191 §5: what an entry covers; and who may make one. */
static void blocks(void **state)
{
    struct engine *c = *state;

    assert_false(push_block(c, " from='eve@e.example'", "block", "<item jid='bob@e.example'/>"));
    assert_false(is_blocked(c, "bob@e.example"));
    assert_true(push_block(c, "", "block",
                           "<item jid='bob@e.example'/><item jid='f.example'/><item jid='@'/><item "
                           "jid='g.example/bot'/><item jid='eve@h.example/phone'/>"));
    assert_true(is_blocked(c, "bob@e.example/phone") && is_blocked(c, "bob@e.example"));
    assert_false(is_blocked(c, "eve@e.example"));
    assert_true(is_blocked(c, "anybody@f.example/x") && is_blocked(c, "f.example"));
    assert_true(is_blocked(c, "g.example/bot") && !is_blocked(c, "g.example"));
    assert_true(is_blocked(c, "eve@h.example/phone") && !is_blocked(c, "eve@h.example/pad"));
    assert_true(push_block(c, " from='alice@sotto.test'", "unblock", "<item jid='f.example'/>"));
    assert_false(is_blocked(c, "anybody@f.example/x"));
    assert_true(push_block(c, "", "block", "<item jid='alice@sotto.test'/>"));
    assert_false(is_blocked(c, "alice@sotto.test/phone")); /* nobody keeps himself out */
    assert_true(push_block(c, "", "unblock", ""));         /* all */
    assert_false(is_blocked(c, "bob@e.example"));
}

#define LINK              "xmpp:alice@sotto.test?roster;preauth=abc;ibr=y"
#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"
#define FORM(fields)                                                                               \
    "<command xmlns='http://jabber.org/protocol/commands' status='completed'>"                     \
    "<x xmlns='jabber:x:data' type='result'>" fields "</x></command>"

static void answer(struct engine *c, struct str id, const char *from, const char *type,
                   const char *payload)
{
    struct arena a = { 0 };
    struct str text =
        arena_printf(&a, "<iq xmlns='jabber:client' type='%s' id='%.*s' from='%s'>%s</iq>", type,
                     STR_ARG(id), from, payload);
    struct stanza s = stanza_of(&a, text.p);

    assert_true(request_answered(c, &s));
    engine_end_round(c);
    arena_deinit(&a);
}

/* Exactly one event, whatever the server says; a link that is none, or leads elsewhere than it seems, is never shown. */
static void invitations(void **state)
{
    static const struct {
        const char *type, *answer, *link, *page; /* link NULL: refused */
        uint64_t until_ms;
    } cases[] = {
        { "result",
          FORM(FIELD("uri", LINK) FIELD("landing-url", "https://sotto.test/invite/abc")
                   FIELD("expire", "1970-01-01T00:00:01Z")),
          LINK, "https://sotto.test/invite/abc", 1000 },
        { "result", FORM(FIELD("uri", LINK)), LINK, "", 0 },
        { "result",
          FORM(FIELD("uri", LINK) FIELD("landing-url", "javascript:alert(1)")
                   FIELD("expire", "tomorrow")),
          LINK, "", 0 },
        { "result", FORM(FIELD("uri", "xmpp:alice@sotto.test?message;body=abc")), NULL, "", 0 },
        { "result", FORM(FIELD("uri", "https://evil.example/invite/abc")), NULL, "", 0 },
        { "result", FORM(FIELD("uri", "")), NULL, "", 0 },
        { "result", FORM(""), NULL, "", 0 },
        { "result", "", NULL, "", 0 },
        { "result", "<command xmlns='http://jabber.org/protocol/commands'/>", NULL, "", 0 },
        { "error",
          "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
          NULL, "", 0 },
        { "error", "", NULL, "", 0 },
    };
    struct engine *c = *state;
    struct engine_event e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = { 0 };
        struct str id;

        engine_invite(c);
        id = arena_str(&a, LIST_ENTRY(list_first(&c->requests), struct request, link)->id);
        answer(c, id, "eve@e.example", cases[i].type, cases[i].answer);
        assert_false(engine_event(c, &e)); /* nobody asked that one */
        answer(c, id, "sotto.test", cases[i].type, cases[i].answer);
        assert_true(engine_event(c, &e) && e.kind == ENGINE_INVITATION);
        assert_int_equal(e.refused, cases[i].link == NULL);
        assert_true(e.refused ? e.text.n > 10 : str_is(e.text, cases[i].link));
        assert_true(str_is(e.entry.target, cases[i].page));
        assert_int_equal(e.entry.time_ms, cases[i].until_ms);
        assert_false(engine_event(c, &e));
        arena_deinit(&a);
    }
    engine_invite(c);
    requests_lost(c);
    engine_end_round(c);
    assert_true(engine_event(c, &e) && e.kind == ENGINE_INVITATION && e.refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pushes_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(items_that_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_contacts_than_anybody_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_of_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_of_presence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invitations, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
