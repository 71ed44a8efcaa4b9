/* login.c: which way in, and the elements of it. */
#include "client/login.h"

#include <string.h>

#include "base/encode.h"
#include "client/login_sasl.h"
#include "xmpp/ns.h"

enum login_state {
    WAIT_HEADER,
    WAIT_FEATURES,
    WAIT_PROCEED,       /* to STARTTLS */
    WAIT_SASL,          /* a challenge, success or failure of either profile */
    WAIT_LAST_FEATURES, /* authenticated: of SASL2, or after the restart */
    WAIT_RESUMED,
    WAIT_BOUND,
    WAIT_ENABLED,
    OVER,
};

static enum login_step fail(struct login *l, enum login_failure why, struct str text)
{
    l->state = OVER;
    l->failure = why;
    l->text = arena_str(&l->arena, text);
    return LOGIN_FAILED;
}

static enum login_step wait_for(struct login *l, enum login_state next)
{
    l->state = next;
    return LOGIN_MORE;
}

static struct binding_data copy_binding(struct arena *a, struct binding_data b)
{
    return (struct binding_data){ arena_bytes(a, b.exporter), arena_bytes(a, b.server_end_point) };
}

void login_begin(struct login *l, const struct login_account *account, const struct random *random,
                 bool secured, struct binding_data binding)
{
    *l = (struct login){
        .arena = ARENA_SECRET, .account = account, .random = random, .secured = secured
    };
    l->binding = copy_binding(&l->arena, binding);
    l->result.pins = account->pins;
    l->state = WAIT_HEADER;
}

void login_end(struct login *l)
{
    arena_deinit(&l->arena);
}

void login_secured(struct login *l, struct binding_data binding)
{
    l->secured = true;
    l->binding = copy_binding(&l->arena, binding);
    l->state = WAIT_HEADER;
}

/* Who it is that comes is for the server alone (RFC 6120 §4.7.1), which may need it for a token (XEP-0484 §4.1). */
void login_open_stream(const struct login *l, struct stream *s)
{
    struct arena a = { 0 };
    struct str from = l->secured ? jid_bare_text(&a, &l->account->jid) : STR_NONE;

    stream_open(s, from, l->account->jid.domain, STR_NONE, STR("en"));
    arena_deinit(&a);
}

/* ---- Binding and stream management ----------------------------------------------------------------- */

static enum login_step done(struct login *l)
{
    l->state = OVER;
    return LOGIN_DONE;
}

static void ask_to_bind(struct login *l, struct stream *s)
{
    struct arena a = { 0 };
    struct xml_node *iq = xml_new(&a, STR(NS_CLIENT), STR("iq"));

    xml_set(&a, iq, STR("type"), STR("set"));
    xml_set(&a, iq, STR("id"), STR("bind"));
    xml_add(&a, iq, STR(NS_BIND), STR("bind")); /* without a wish: names are for servers to give */
    stream_write(s, iq);
    arena_deinit(&a);
    l->state = WAIT_BOUND;
}

static void ask_to_enable(struct login *l, struct stream *s)
{
    struct arena a = { 0 };
    struct xml_node *enable = xml_new(&a, STR(NS_SM), STR("enable"));

    xml_set(&a, enable, STR("resume"), STR("true"));
    stream_write(s, enable);
    arena_deinit(&a);
    l->state = WAIT_ENABLED;
}

static void ask_to_resume(struct login *l, struct stream *s)
{
    struct arena a = { 0 };

    stream_write(s, login_resume_element(&a, l->account));
    arena_deinit(&a);
    l->state = WAIT_RESUMED;
}

static bool offers(const struct login *l, const char *ns, const char *name)
{
    return xml_child(l->result.features, str_from(ns), str_from(name)) != NULL;
}

/* Unless Bind 2 has turned it on. */
static enum login_step manage(struct login *l, struct stream *s)
{
    if (l->result.sm || !offers(l, NS_SM, "sm"))
        return done(l);
    ask_to_enable(l, s);
    return LOGIN_MORE;
}

static enum login_step authenticated(struct login *l, struct stream *s,
                                     const struct xml_node *features)
{
    l->result.features = xml_copy(&l->arena, features);
    if (l->result.jid.resource.n > 0) /* came with SASL2's success */
        return manage(l, s);
    if (l->account->resume_id.n > 0 && offers(l, NS_SM, "sm") && !l->result.not_resumed_h)
        ask_to_resume(l, s);
    else if (offers(l, NS_BIND, "bind"))
        ask_to_bind(l, s);
    else
        return fail(l, LOGIN_BROKEN, STR("The server offers no resource binding."));
    return LOGIN_MORE;
}

static enum login_step resumed(struct login *l, struct stream *s, const struct xml_node *node)
{
    if (xml_is(node, STR(NS_SM), STR("resumed")) || xml_is(node, STR(NS_SM), STR("failed"))) {
        if (!login_read_resumption(l, node))
            return fail(l, LOGIN_BROKEN, STR("The server resumed nonsense."));
        if (l->result.resumed)
            return done(l);
        ask_to_bind(l, s);
        return LOGIN_MORE;
    }
    return fail(l, LOGIN_BROKEN, STR("The server did not answer to resumption."));
}

static enum login_step bound(struct login *l, struct stream *s, const struct xml_node *node)
{
    const struct xml_node *bind = xml_child(node, STR(NS_BIND), STR("bind"));
    struct str jid = bind ? xml_child_text(&l->arena, bind, STR(NS_BIND), STR("jid")) : STR_NONE;

    if (!str_is(xml_get(node, STR("type")), "result") || !login_read_jid(l, jid))
        return fail(l, LOGIN_BROKEN, STR("The server bound no resource."));
    return manage(l, s);
}

static enum login_step enabled(struct login *l, const struct xml_node *node)
{
    if (xml_is(node, STR(NS_SM), STR("enabled")))
        login_read_enabled(l, node);
    else if (!xml_is(node, STR(NS_SM), STR("failed")))
        return LOGIN_MORE; /* stanzas may already come */
    return done(l);
}

/* ---- Before ---------------------------------------------------------------------------------------- */

static enum login_step start_tls(struct login *l, struct stream *s, const struct xml_node *features)
{
    struct arena a = { 0 };

    if (xml_child(features, STR(NS_TLS), STR("starttls")) == NULL)
        return fail(l, LOGIN_NO_TLS, STR_NONE);
    stream_write(s, xml_new(&a, STR(NS_TLS), STR("starttls")));
    arena_deinit(&a);
    return wait_for(l, WAIT_PROCEED);
}

static enum login_step features_came(struct login *l, struct stream *s, const struct xml_node *node)
{
    enum login_failure why;

    if (!xml_is(node, STR(NS_STREAM), STR("features")))
        return fail(l, LOGIN_BROKEN, STR("The server sent no features."));
    if (l->state == WAIT_LAST_FEATURES)
        return authenticated(l, s, node);
    if (!l->secured)
        return start_tls(l, s, node);
    if (!login_choose(l, node, &why))
        return fail(l, why, STR_NONE);
    login_authenticate(l, s, node);
    return wait_for(l, WAIT_SASL);
}

static enum login_step sasl_came(struct login *l, struct stream *s, const struct xml_node *node)
{
    enum login_failure why = LOGIN_BROKEN;
    struct str text = STR_NONE;

    switch (login_sasl(l, s, node, &why, &text)) {
    case SASL_GOES_ON: return LOGIN_MORE;
    case SASL_FAILED: return fail(l, why, text);
    case SASL_SUCCEEDED: break;
    }
    if (l->result.resumed) /* XEP-0198 §9.2: no features follow, since the stream is what it was */
        return done(l);
    if (l->sasl2)
        return wait_for(l, WAIT_LAST_FEATURES);
    if (!stream_restart(s))
        return fail(l, LOGIN_BROKEN, STR("The server went on before its time."));
    login_open_stream(l, s);
    return wait_for(l, WAIT_HEADER);
}

static enum login_step element_came(struct login *l, struct stream *s, const struct xml_node *node)
{
    switch ((enum login_state)l->state) {
    case WAIT_FEATURES:
    case WAIT_LAST_FEATURES: return features_came(l, s, node);
    case WAIT_PROCEED:
        if (xml_is(node, STR(NS_TLS), STR("proceed")))
            return LOGIN_START_TLS;
        return fail(l, LOGIN_NO_TLS, STR_NONE);
    case WAIT_SASL: return sasl_came(l, s, node);
    case WAIT_RESUMED: return resumed(l, s, node);
    case WAIT_BOUND:
        if (!str_is(xml_get(node, STR("id")), "bind"))
            return LOGIN_MORE;
        return bound(l, s, node);
    case WAIT_ENABLED: return enabled(l, node);
    case WAIT_HEADER:
    case OVER: break;
    }
    return fail(l, LOGIN_BROKEN, STR_NONE);
}

enum login_step login_take(struct login *l, struct stream *s, const struct stream_event *e)
{
    switch (e->kind) {
    case STREAM_OPENED:
        if (l->state != WAIT_HEADER)
            break;
        return wait_for(l, l->mechanism != NULL ? WAIT_LAST_FEATURES : WAIT_FEATURES);
    case STREAM_ELEMENT:
        if (xml_is(e->node, STR(NS_STREAM), STR("error")))
            return fail(l, LOGIN_LATER,
                        xml_child_text(&l->arena, e->node, STR(NS_STREAM_ERRORS), STR("text")));
        return element_came(l, s, e->node);
    case STREAM_CLOSED: return fail(l, LOGIN_LATER, STR("The server closed the stream."));
    case STREAM_FAILED: break;
    }
    return fail(l, LOGIN_BROKEN, STR_NONE);
}
