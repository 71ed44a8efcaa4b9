/* signup.c: see signup.h. */
#include "client/signup.h"

#include "xmpp/ns.h"
#include "xmpp/stanza.h"

enum signup_state {
    WAIT_HEADER,
    WAIT_FEATURES,
    WAIT_PROCEED,
    WAIT_TOKEN,
    WAIT_ACCOUNT,
    OVER,
};

static const struct xml_limits limits = {
    .element_bytes = 64 * 1024,
    .depth = 32,
    .attrs = 64,
    .nodes = 2000,
};

void signup_init(struct signup *s, const struct jid *jid, struct str token, struct str password)
{
    *s = (struct signup){ .arena = ARENA_SECRET };
    s->jid = jid_copy(&s->arena, jid);
    s->token = arena_str(&s->arena, token);
    s->password = arena_str(&s->arena, password);
    stream_init(&s->stream, STREAM_CLIENT, STREAM_TCP, STR(NS_CLIENT), &limits);
}

void signup_deinit(struct signup *s)
{
    stream_deinit(&s->stream);
    arena_deinit(&s->arena);
}

static void open_stream(struct signup *s)
{
    stream_open(&s->stream, STR_NONE, s->jid.domain, STR_NONE, STR("en"));
    s->state = WAIT_HEADER;
}

void signup_open(struct signup *s, bool secured)
{
    s->secured = secured;
    open_stream(s);
}

void signup_secured(struct signup *s)
{
    s->secured = true;
    open_stream(s);
}

/* ---- What is asked ------------------------------------------------------------------------------- */

static enum signup_step fail(struct signup *s, struct str why)
{
    s->state = OVER;
    s->why = arena_str(&s->arena, why);
    return SIGNUP_FAILED;
}

static struct xml_node *question(struct arena *a, const char *id, struct str to)
{
    return stanza_new(a, STANZA_IQ, "set", STR_NONE, to, str_from(id));
}

static void show_token(struct signup *s)
{
    struct arena a = { 0 };
    struct xml_node *iq = question(&a, "token", s->jid.domain);

    xml_set(&a, xml_add(&a, iq, STR(NS_PARS), STR("preauth")), STR("token"), s->token);
    stream_write(&s->stream, iq);
    arena_deinit(&a);
    s->state = WAIT_TOKEN;
}

static void ask_for_account(struct signup *s)
{
    struct arena a = { 0 };
    struct xml_node *iq = question(&a, "account", s->jid.domain);
    struct xml_node *query = xml_add(&a, iq, STR(NS_REGISTER), STR("query"));

    xml_add_text_child(&a, query, STR(NS_REGISTER), STR("username"), s->jid.local);
    xml_add_text_child(&a, query, STR(NS_REGISTER), STR("password"), s->password);
    stream_write(&s->stream, iq);
    arena_deinit(&a);
    s->state = WAIT_ACCOUNT;
    s->asked = true;
}

/* ---- What is answered ---------------------------------------------------------------------------- */

static enum signup_step features_came(struct signup *s, const struct xml_node *features)
{
    struct arena a = { 0 };

    if (!xml_is(features, STR(NS_STREAM), STR("features")))
        return fail(s, STR("The server sent no features."));
    if (!s->secured) {
        if (xml_child(features, STR(NS_TLS), STR("starttls")) == NULL)
            return fail(s, STR("The server does not encrypt the connection."));
        stream_write(&s->stream, xml_new(&a, STR(NS_TLS), STR("starttls")));
        arena_deinit(&a);
        s->state = WAIT_PROCEED;
        return SIGNUP_MORE;
    }
    if (xml_child(features, STR(NS_IBR_TOKEN), STR("register")) == NULL)
        return fail(s, STR("The server takes no invitations."));
    show_token(s);
    return SIGNUP_MORE;
}

static enum signup_step proceed_came(struct signup *s, const struct xml_node *node)
{
    if (!xml_is(node, STR(NS_TLS), STR("proceed")) || !stream_restart(&s->stream))
        return fail(s, STR("The server does not encrypt the connection."));
    return SIGNUP_START_TLS;
}

static enum signup_step answer_came(struct signup *s, const struct xml_node *node)
{
    bool is_token = s->state == WAIT_TOKEN;
    const struct xml_node *error = xml_child(node, STR(NS_CLIENT), STR("error"));
    struct str text = error != NULL
                          ? xml_child_text(&s->arena, error, STR(NS_STANZA_ERRORS), STR("text"))
                          : STR_NONE;

    if (!xml_is(node, STR(NS_CLIENT), STR("iq"))
        || !str_is(xml_get(node, STR("id")), is_token ? "token" : "account"))
        return SIGNUP_MORE;
    if (!str_is(xml_get(node, STR("type")), "result"))
        return fail(s, text.n > 0 ? text
                       : is_token ? STR("The server refused the invitation.")
                                  : STR("The server refused to make the account."));
    if (!is_token) {
        s->state = OVER;
        stream_close(&s->stream);
        return SIGNUP_DONE;
    }
    ask_for_account(s);
    return SIGNUP_MORE;
}

static enum signup_step element_came(struct signup *s, const struct xml_node *node)
{
    if (xml_is(node, STR(NS_STREAM), STR("error")))
        return fail(s, STR("The server ended the conversation."));
    switch ((enum signup_state)s->state) {
    case WAIT_FEATURES: return features_came(s, node);
    case WAIT_PROCEED: return proceed_came(s, node);
    case WAIT_TOKEN:
    case WAIT_ACCOUNT: return answer_came(s, node);
    case WAIT_HEADER:
    case OVER: break;
    }
    return SIGNUP_MORE;
}

static enum signup_step take(struct signup *s, const struct stream_event *e)
{
    switch (e->kind) {
    case STREAM_OPENED:
        if (s->state == WAIT_HEADER)
            s->state = WAIT_FEATURES;
        return SIGNUP_MORE;
    case STREAM_ELEMENT: return element_came(s, e->node);
    case STREAM_CLOSED: return fail(s, STR("The server ended the conversation."));
    case STREAM_FAILED: break;
    }
    return fail(s, STR("The server does not speak the protocol."));
}

enum signup_step signup_feed(struct signup *s, struct str bytes)
{
    enum signup_step step = SIGNUP_MORE;
    struct stream_event e;

    if (s->state == OVER)
        return SIGNUP_MORE;
    stream_feed(&s->stream, bytes);
    while (step == SIGNUP_MORE && stream_next(&s->stream, &e)) {
        step = take(s, &e);
        arena_deinit(&e.arena);
    }
    return step;
}
