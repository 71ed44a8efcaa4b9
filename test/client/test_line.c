/* test_line.c: logging in and keeping a session, against the server engine and against servers that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "test/client/phone.h"
#include "xmpp/ns.h"
#include "xmpp/stanza.h"

/* ---- Against our engine ---------------------------------------------------------------------------- */

struct scene {
    struct world *world;
    struct phone alice, bob;
};

static int set_up(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    struct world_options options = { .homes = 2 };

    s->world = world_new(&options);
    assert_true(world_config(s->world, STR("policy.e2ee"), STR("off")));
    assert_true(world_account(s->world, STR("alice"), STR("secret"), SCRAM_ITERATIONS_MIN));
    assert_true(world_account(s->world, STR("bob"), STR("secret"), SCRAM_ITERATIONS_MIN));
    phone_init(&s->alice, s->world, "alice@sotto.test", "secret", 1);
    phone_init(&s->bob, s->world, "bob@sotto.test", "secret", 2);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    const char *why = NULL;
    bool clean;

    phone_deinit(&s->alice);
    phone_deinit(&s->bob);
    clean = world_free(s->world, &why);
    mem_free(s);
    if (!clean)
        print_error("%s\n", why);
    return clean ? 0 : -1;
}

static void say(struct phone *p, const struct xml_node *stanza, uint64_t tag)
{
    assert_true(line_send(&p->line, stanza, tag));
}

static void go_online(struct phone *p)
{
    struct arena a = { 0 };

    phone_connect(p);
    assert_non_null(phone_event(p, LINE_UP));
    if (!p->line.login.result.resumed) {
        say(p, stanza_new(&a, STANZA_PRESENCE, NULL, STR_NONE, STR_NONE, STR_NONE), 0);
        phone_run(p);
    }
    arena_deinit(&a);
}

static void write_to(struct phone *p, const char *to, const char *id, uint64_t tag)
{
    struct arena a = { 0 };
    struct xml_node *m =
        stanza_new(&a, STANZA_MESSAGE, "chat", STR_NONE, str_from(to), str_from(id));

    xml_add_text_child(&a, m, STR(NS_CLIENT), STR("body"), str_from(id));
    say(p, m, tag);
    arena_deinit(&a);
}

static void logs_in_at_once(void **state)
{
    struct scene *s = *state;
    const struct login_result *r = &s->alice.line.login.result;

    phone_connect(&s->alice);
    assert_non_null(phone_event(&s->alice, LINE_UP));
    assert_true(r->jid.resource.n > 0 && r->sm && r->carbons && r->sm_id.n > 0);
    assert_true(r->pins.sasl2 && !r->pins.plus && r->pins.hash == HASH_SHA512);
    assert_true(r->token.n > 0 && str_is(r->token_name, "HT-SHA-256-NONE"));
}

static void binds_to_the_channel(void **state)
{
    struct scene *s = *state;

    assert_true(world_config(s->world, STR("tls-exporter"), STR("what both ends know")));
    s->alice.binding.exporter = bytes_of_str(STR("what both ends know"));
    phone_connect(&s->alice);
    assert_non_null(phone_event(&s->alice, LINE_UP));
    assert_true(s->alice.line.login.result.pins.plus);
    assert_true(str_is(s->alice.line.login.result.token_name, "HT-SHA-256-EXPR"));

    /* Somebody who terminates TLS in between has another channel. */
    s->bob.binding.exporter = bytes_of_str(STR("what the man in the middle knows"));
    phone_connect(&s->bob);
    assert_true(phone_event(&s->bob, LINE_DOWN)->refused);
}

static void comes_back_with_a_token(void **state)
{
    struct scene *s = *state;

    phone_connect(&s->alice);
    phone_keep_token(&s->alice);
    line_shut(&s->alice.line);
    phone_run(&s->alice);
    phone_cut(&s->alice);
    s->alice.account.password = STR_NONE;
    phone_connect(&s->alice);
    assert_non_null(phone_event(&s->alice, LINE_UP));
    assert_true(s->alice.line.login.with_token);

    s->alice.account.token = STR("a token of somebody else");
    line_shut(&s->alice.line);
    phone_run(&s->alice);
    phone_connect(&s->alice);
    assert_int_equal(phone_event(&s->alice, LINE_DOWN)->failure, LOGIN_TOKEN_STALE);
}

static void is_refused(void **state)
{
    struct scene *s = *state;

    s->alice.account.password = STR("wrong");
    phone_connect(&s->alice);
    assert_true(phone_event(&s->alice, LINE_DOWN)->refused);
    assert_int_equal(phone_event(&s->alice, LINE_DOWN)->failure, LOGIN_REFUSED);
}

static void goes_on_where_it_was(void **state)
{
    struct scene *s = *state;

    go_online(&s->alice);
    go_online(&s->bob);
    write_to(&s->alice, "bob@sotto.test", "m1", 1);
    phone_run(&s->alice);
    assert_int_equal(phone_event(&s->alice, LINE_ACKED)->tag, 1);
    phone_run(&s->bob);
    assert_non_null(phone_stanza(&s->bob, "m1"));

    phone_cut(&s->bob);
    write_to(&s->alice, "bob@sotto.test", "m2", 2);
    phone_run(&s->alice);
    go_online(&s->bob);
    assert_true(s->bob.line.login.result.resumed);
    assert_non_null(phone_stanza(&s->bob, "m2"));
    assert_null(phone_stanza(&s->bob, "m1"));
}

/* What was written while the connection was already dead goes with the next one, once. */
static void sends_again_what_was_lost(void **state)
{
    struct scene *s = *state;

    go_online(&s->alice);
    go_online(&s->bob);
    write_to(&s->alice, "bob@sotto.test", "m1", 1);
    phone_cut(&s->alice);
    go_online(&s->alice);
    assert_true(s->alice.line.login.result.resumed);
    phone_run(&s->alice);
    phone_run(&s->bob);
    assert_non_null(phone_stanza(&s->bob, "m1"));
    phone_run(&s->bob);
    assert_null(phone_stanza(&s->bob, "m1"));
}

static void tells_what_a_forgotten_session_lost(void **state)
{
    struct scene *s = *state;

    go_online(&s->alice);
    write_to(&s->alice, "bob@sotto.test", "m1", 7);
    phone_cut(&s->alice);
    world_advance(s->world, 3600 * 1000);
    phone_connect(&s->alice);
    assert_non_null(phone_event(&s->alice, LINE_UP));
    assert_false(s->alice.line.login.result.resumed);
    assert_int_equal(phone_event(&s->alice, LINE_LOST)->tag, 7);
}

/* ---- Against servers that are made up -------------------------------------------------------------- */

#define HEADER                                                                                     \
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "        \
    "from='sotto.test' id='1' version='1.0'>"
#define MECHANISMS(list)                                                                           \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" list                  \
    "</mechanisms></stream:features>"
#define MECHANISM(name) "<mechanism>" name "</mechanism>"

struct impostor {
    struct line line;
    struct login_account account;
    struct arena arena;
    struct line_event last;
    struct str said; /* by us */
};

static void nothing_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static void feed(struct impostor *i, const char *text)
{
    struct line_event e;

    line_feed(&i->line, str_from(text));
    while (line_next(&i->line, &e)) {
        i->last = e;
        i->last.text = arena_str(&i->arena, e.text);
        arena_deinit(&e.arena);
    }
    i->said = arena_str(&i->arena, stream_output(&i->line.stream));
    stream_sent(&i->line.stream, stream_output(&i->line.stream).n);
}

static void meet(struct impostor *i, bool secured)
{
    static const struct random r = { nothing_random, NULL };

    *i = (struct impostor){ .account.password = STR("secret"), .account.agent_id = STR("id") };
    assert_int_equal(jid_parse(&i->arena, STR("alice@sotto.test"), &i->account.jid), ERR_NONE);
    line_init(&i->line);
    line_open(&i->line, STREAM_TCP, &i->account, &r, secured, (struct binding_data){ 0 });
    i->last.kind = LINE_STANZA;
    feed(i, HEADER);
}

static void leave(struct impostor *i)
{
    line_deinit(&i->line);
    arena_deinit(&i->arena);
}

static void expect_failure(struct impostor *i, enum login_failure why)
{
    assert_int_equal(i->last.kind, LINE_DOWN);
    assert_true(i->last.refused);
    assert_int_equal(i->last.failure, why);
}

static bool contains(struct str text, const char *part)
{
    struct str wanted = str_from(part);

    for (size_t at = 0; at + wanted.n <= text.n; at++)
        if (str_eq(str_slice(text, at, wanted.n), wanted))
            return true;
    return false;
}

static void says_no_password_in_clear(void **state)
{
    struct impostor i;

    (void)state;
    meet(&i, false);
    feed(&i, MECHANISMS(MECHANISM("SCRAM-SHA-1") MECHANISM("PLAIN")));
    expect_failure(&i, LOGIN_NO_TLS);
    assert_false(contains(i.said, "auth"));
    leave(&i);
    meet(&i, true);
    feed(&i, MECHANISMS(MECHANISM("PLAIN")));
    expect_failure(&i, LOGIN_NO_MECHANISM);
    leave(&i);
}

/* RFC 6120 §4.7.1, XEP-0484 §4.1: whose stream it is a server hears when nobody else does. */
static void says_who_it_is_under_tls(void **state)
{
    struct impostor i;

    (void)state;
    meet(&i, false);
    assert_false(contains(i.said, "alice"));
    feed(&i,
         "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>");
    feed(&i, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_int_equal(i.last.kind, LINE_START_TLS);
    line_secured(&i.line, (struct binding_data){ 0 });
    feed(&i, HEADER);
    assert_true(contains(i.said, "from='alice@sotto.test'"));
    leave(&i);
}

/* RFC 6120 §5.4.3.3: what follows <proceed/> in the clear was put there by anybody. */
static void takes_nothing_from_before_tls(void **state)
{
    struct impostor i;

    (void)state;
    meet(&i, false);
    feed(&i,
         "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>");
    feed(&i, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><message/>");
    assert_int_equal(i.last.kind, LINE_DOWN);
    leave(&i);
}

static void demands_what_it_knows(void **state)
{
    static const struct {
        struct login_pins pins;
        const char *features;
    } table[] = {
        { { .sasl2 = true }, MECHANISMS(MECHANISM("SCRAM-SHA-256")) },
        { { .hash = HASH_SHA256 }, MECHANISMS(MECHANISM("SCRAM-SHA-1")) },
    };

    (void)state;
    for (size_t n = 0; n < COUNT_OF(table); n++) {
        struct impostor i;

        meet(&i, true);
        i.account.pins = table[n].pins;
        feed(&i, table[n].features);
        expect_failure(&i, LOGIN_DOWNGRADE);
        leave(&i);
    }
}

/* Success without a proof is what somebody says who does not know the password. */
static void believes_no_bare_success(void **state)
{
    struct impostor i;

    (void)state;
    meet(&i, true);
    feed(&i, MECHANISMS(MECHANISM("SCRAM-SHA-1")));
    assert_true(contains(i.said, "<auth"));
    feed(&i, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    expect_failure(&i, LOGIN_IMPOSTOR);
    leave(&i);
}

/* The challenge goes on from our nonce, which is sixes and sevens here. */
static const char *challenge(struct impostor *i, const char *rest)
{
    uint8_t nonce[SCRAM_NONCE_OCTETS];
    struct str text, b64;

    memset(nonce, 7, sizeof nonce);
    text = arena_printf(&i->arena, "r=%.*sserver,s=c2FsdHNhbHQ=,i=4096%s",
                        STR_ARG(base64_text(&i->arena, bytes_of(nonce, sizeof nonce))), rest);
    b64 = base64_text(&i->arena, bytes_of_str(text));
    return arena_printf(&i->arena,
                        "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%.*s</challenge>%c",
                        STR_ARG(b64), '\0')
        .p;
}

/* XEP-0474: a server that tells another list than the one that came. */
static void notices_a_shorter_list(void **state)
{
    struct impostor i;

    (void)state;
    meet(&i, true);
    feed(&i, MECHANISMS(MECHANISM("SCRAM-SHA-1")));
    feed(&i, challenge(&i, ",h=AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    expect_failure(&i, LOGIN_DOWNGRADE);
    assert_false(contains(i.said, "response"));
    leave(&i);
    meet(&i, true);
    feed(&i, MECHANISMS(MECHANISM("SCRAM-SHA-1")));
    feed(&i, challenge(&i, ""));
    assert_true(contains(i.said, "<response"));
    leave(&i);
}

/* ---- Against servers that know a token of ours, which takes one round trip ------------------------------ */

#define FAST_FEATURES(in_line)                                                                     \
    "<stream:features><authentication "                                                            \
    "xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256</mechanism>"                                 \
    "<inline>" in_line                                                                             \
    "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast>"                  \
    "</inline></authentication></stream:features>"

static void meet_again(struct impostor *i)
{
    meet(i, true);
    i->account.token = STR("a token");
    i->account.token_name = STR("HT-SHA-256-NONE");
}

static const char *success(struct impostor *i, const char *rest)
{
    uint8_t proof[HT_PROOF_OCTETS];
    struct str b64;

    sasl_ht_proof(i->account.token, HT_RESPONDER, (struct bytes){ 0 }, proof);
    b64 = base64_text(&i->arena, bytes_of(proof, sizeof proof));
    return arena_printf(&i->arena,
                        "<success xmlns='urn:xmpp:sasl:2'><additional-data>%.*s</additional-data>%s"
                        "</success>%c",
                        STR_ARG(b64), rest, '\0')
        .p;
}

/* XEP-0198 §9.2: after `<resumed/>` a server sends no features. What one sends that does is no stanza. */
static void resumes_without_features(void **state)
{
    struct impostor i;

    (void)state;
    meet_again(&i);
    i.account.resume_id = STR("old");
    feed(&i, FAST_FEATURES("<sm xmlns='urn:xmpp:sm:3'/>"));
    assert_true(contains(i.said, "<resume"));
    feed(&i, success(&i, "<resumed xmlns='urn:xmpp:sm:3' previd='old' h='0'/>"));
    assert_int_equal(i.last.kind, LINE_UP);
    assert_true(i.line.login.result.resumed);
    feed(&i, "<stream:features/>");
    assert_int_equal(i.last.kind, LINE_UP);
    feed(&i, "<message id='m1'/>");
    assert_int_equal(i.last.kind, LINE_STANZA);
    leave(&i);
}

/* XEP-0386 §3.1: what a server does not list it does not turn on with the binding; it is asked for afterwards. */
static void turns_on_what_binding_did_not(void **state)
{
    struct impostor i;

    (void)state;
    meet_again(&i);
    feed(&i, FAST_FEATURES("<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:csi:0'/>"
                           "</inline></bind>"));
    assert_true(contains(i.said, NS_BIND2));
    assert_false(contains(i.said, NS_SM) || contains(i.said, NS_CARBONS));
    feed(&i, success(&i, "<authorization-identifier>alice@sotto.test/x</authorization-identifier>"
                         "<bound xmlns='urn:xmpp:bind:0'/>"));
    feed(&i, "<stream:features><sm xmlns='urn:xmpp:sm:3'/></stream:features>");
    assert_int_equal(i.last.kind, LINE_STANZA);
    assert_true(contains(i.said, "<enable") && contains(i.said, NS_SM));
    feed(&i, "<enabled xmlns='urn:xmpp:sm:3' id='some' resume='true'/>");
    assert_int_equal(i.last.kind, LINE_UP);
    assert_true(i.line.sm && str_is(i.line.sm_id, "some") && !i.line.login.result.carbons);
    leave(&i);
}

static void survives_nonsense(void **state)
{
    static const char *const table[] = {
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<message/>",
        "<stream:features/>",
        "<stream:features></nonsense>",
        "</stream:stream>",
        "<!DOCTYPE x>",
    };

    (void)state;
    for (size_t n = 0; n < COUNT_OF(table); n++) {
        struct impostor i;

        meet(&i, true);
        feed(&i, table[n]);
        assert_int_equal(i.last.kind, LINE_DOWN);
        leave(&i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(logs_in_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(binds_to_the_channel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comes_back_with_a_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_where_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_again_what_was_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_what_a_forgotten_session_lost, set_up, tear_down),
        cmocka_unit_test(says_no_password_in_clear),
        cmocka_unit_test(says_who_it_is_under_tls),
        cmocka_unit_test(takes_nothing_from_before_tls),
        cmocka_unit_test(demands_what_it_knows),
        cmocka_unit_test(believes_no_bare_success),
        cmocka_unit_test(notices_a_shorter_list),
        cmocka_unit_test(resumes_without_features),
        cmocka_unit_test(turns_on_what_binding_did_not),
        cmocka_unit_test(survives_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
