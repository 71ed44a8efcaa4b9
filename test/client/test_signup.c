/* test_signup.c: invitations in all their forms, and the conversation that makes an account, cut at every octet. */
#include "test/unit/check.h"

#include "client/invite.h"
#include "client/signup.h"

/* ---- Invitations --------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum err err;
    const char *domain, *name, *inviter, *token;
} invitations[] = {
    { "xmpp:a.example?register;preauth=T0", ERR_NONE, "a.example", "", "", "T0" },
    { "xmpp:al@a.example?register;preauth=T0", ERR_NONE, "a.example", "al", "", "T0" },
    { "xmpp:bob@a.example?roster;preauth=T0;ibr=y", ERR_NONE, "a.example", "", "bob@a.example",
      "T0" },
    { "xmpp:bob@a.example?roster;ibr=y;preauth=T0;name=x", ERR_NONE, "a.example", "",
      "bob@a.example", "T0" },
    { "https://a.example/invite/T0", ERR_NONE, "a.example", "", "", "T0" },
    { "https://a.example:5443/invite/T0", ERR_NONE, "a.example", "", "", "T0" },
    { "T-0_.~9", ERR_NONE, "", "", "", "T-0_.~9" },
    { "xmpp:bob@a.example?roster;preauth=T0", ERR_MALFORMED, "", "", "", "" }, /* no account */
    { "xmpp:a.example?register", ERR_MALFORMED, "", "", "", "" },
    { "xmpp:a.example?register;preauth=", ERR_MALFORMED, "", "", "", "" },
    { "xmpp:a.example", ERR_MALFORMED, "", "", "", "" },
    { "xmpp:?register;preauth=T0", ERR_MALFORMED, "", "", "", "" },
    { "xmpp:@a.example?register;preauth=T0", ERR_MALFORMED, "", "", "", "" },
    { "xmpp:al@?register;preauth=T0", ERR_MALFORMED, "", "", "", "" },
    { "xmpp:a%20b@a.example?register;preauth=T0", ERR_MALFORMED, "", "", "", "" },
    { "https://a.example", ERR_MALFORMED, "", "", "", "" },
    { "https://a.example/", ERR_MALFORMED, "", "", "", "" },
    { "https:///invite/T0", ERR_MALFORMED, "", "", "", "" },
    { "https://user@a.example/invite/T0", ERR_MALFORMED, "", "", "", "" },
    { "http://a.example/invite/T0", ERR_MALFORMED, "", "", "", "" },
    { "two words", ERR_MALFORMED, "", "", "", "" },
    { "", ERR_MALFORMED, "", "", "", "" },
};

static void test_invitations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(invitations); i++) {
        struct invite got = { 0 };

        check_err(invitations[i].text, invite_read(str_from(invitations[i].text), &got),
                  invitations[i].err);
        check_str(invitations[i].text, got.domain, invitations[i].domain);
        check_str(invitations[i].text, got.name, invitations[i].name);
        check_str(invitations[i].text, got.inviter, invitations[i].inviter);
        check_str(invitations[i].text, got.token, invitations[i].token);
    }
}

/* ---- Conversations ------------------------------------------------------------------------------- */

#define HEADER                                                                                     \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' id='x' "              \
    "from='a.example' xmlns:stream='http://etherx.jabber.org/streams'>"
#define STARTTLS                                                                                   \
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
#define PROCEED  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define FEATURES "<stream:features><register xmlns='urn:xmpp:ibr-token:0'/></stream:features>"
#define REFUSED(id)                                                                                \
    "<iq type='error' id='" id "'><error type='cancel'><conflict "                                 \
    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "                                          \
    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>No.</text></error></iq>"

static const struct {
    const char *what;
    bool secured;
    const char *clear, *sealed; /* what the server says before and after TLS */
    enum signup_step step;
    const char *why;
    bool asks; /* for the account */
} conversations[] = {
    { "direct TLS", true, "",
      HEADER FEATURES "<iq type='result' id='token'/><iq type='result' id='account'/>", SIGNUP_DONE,
      "", true },
    { "STARTTLS", false, HEADER STARTTLS PROCEED,
      HEADER FEATURES "<iq type='result' id='token'/><iq type='result' id='account'/>", SIGNUP_DONE,
      "", true },
    { "no STARTTLS: nothing is shown", false, HEADER FEATURES, "", SIGNUP_FAILED,
      "The server does not encrypt the connection.", false },
    { "no invitations", true, "", HEADER "<stream:features/>", SIGNUP_FAILED,
      "The server takes no invitations.", false },
    { "the token is refused", true, "", HEADER FEATURES REFUSED("token"), SIGNUP_FAILED, "No.",
      false },
    { "the name is refused", true, "",
      HEADER FEATURES "<iq type='result' id='token'/>" REFUSED("account"), SIGNUP_FAILED, "No.",
      true },
    { "an answer to nothing", true, "", HEADER FEATURES "<iq type='result' id='account'/>",
      SIGNUP_MORE, "", false },
    { "not well-formed", true, "", HEADER "<a></b>", SIGNUP_FAILED,
      "The server does not speak the protocol.", false },
};

/* Feeds it in two pieces. */
static enum signup_step feed(struct signup *s, const char *text, size_t cut)
{
    struct str all = str_from(text), first = str_slice(all, 0, cut);
    enum signup_step step = signup_feed(s, first);

    return step != SIGNUP_MORE || first.n == all.n ? step : signup_feed(s, str_skip(all, first.n));
}

static bool said(const struct signup *s, const char *words)
{
    struct str out = stream_output(&s->stream), w = str_from(words);

    for (size_t i = 0; i + w.n <= out.n; i++)
        if (str_eq(str_slice(out, i, w.n), w))
            return true;
    return false;
}

static void converse(size_t i, size_t cut)
{
    struct arena a = { 0 };
    struct signup s;
    struct jid jid;
    enum signup_step step = SIGNUP_MORE;

    assert_int_equal(jid_parse(&a, STR("al@a.example"), &jid), ERR_NONE);
    signup_init(&s, &jid, STR("T0"), STR("hunter2"));
    signup_open(&s, conversations[i].secured);
    if (!conversations[i].secured) {
        step = feed(&s, conversations[i].clear, cut);
        assert_false(said(&s, "T0"));
        assert_false(said(&s, "hunter2"));
    }
    if (step == SIGNUP_START_TLS)
        signup_secured(&s);
    if (step != SIGNUP_FAILED)
        step = feed(&s, conversations[i].sealed, cut);
    if (step != conversations[i].step)
        fail_msg("%s, cut at %zu: %d", conversations[i].what, cut, (int)step);
    check_str(conversations[i].what, s.why, conversations[i].why);
    assert_int_equal(said(&s, "<password>hunter2</password>"), conversations[i].asks);
    signup_deinit(&s);
    arena_deinit(&a);
}

static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(conversations); i++)
        for (size_t cut = 0; cut < 500; cut++)
            converse(i, cut);
}

/* What came with <proceed/> was sent in the clear, by anybody. */
static void test_injection(void **state)
{
    struct arena a = { 0 };
    struct signup s;
    struct jid jid;

    (void)state;
    assert_int_equal(jid_parse(&a, STR("al@a.example"), &jid), ERR_NONE);
    signup_init(&s, &jid, STR("T0"), STR("hunter2"));
    signup_open(&s, false);
    assert_int_equal(signup_feed(&s, STR(HEADER STARTTLS PROCEED HEADER FEATURES)), SIGNUP_FAILED);
    assert_false(said(&s, "T0"));
    signup_deinit(&s);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invitations),
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_injection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
