/* session_sasl2.c: the Extensible SASL Profile (XEP-0388): who is logging in with what, and what shall follow at once.
 *
 * The exchange itself is RFC 6120's (session_auth.c). <authenticate/> is kept until the session is at its account's
 * home; there, what it asks for inline happens in this order, and <success/> says what became of it:
 * tokens (XEP-0484), resumption (XEP-0198 §9.2), binding (XEP-0386). No new stream begins.
 */
#include "base/datetime.h"
#include "base/encode.h"
#include "server/auth.h"
#include "server/limits.h"

/* ---- What is offered ------------------------------------------------------------------------------- */

void sasl2_features(struct session *s, struct arena *a, struct xml_node *features)
{
    struct str names[AUTH_MECHANISMS];
    size_t n = auth_offered(s, names);
    struct xml_node *authentication, *in_line;

    if (n == 0)
        return;
    authentication = xml_add(a, features, STR(NS_SASL2), STR("authentication"));
    for (size_t i = 0; i < n; i++)
        xml_add_text_child(a, authentication, STR(NS_SASL2), STR("mechanism"), names[i]);
    in_line = xml_add(a, authentication, STR(NS_SASL2), STR("inline"));
    xml_add(a, in_line, STR(NS_SM), STR("sm"));
    bind2_features(a, in_line);
    fast_features(s, a, in_line);
}

/* ---- What is asked --------------------------------------------------------------------------------- */

static enum err read_agent_text(struct login *l, const struct xml_node *agent, struct str name,
                                struct str *out)
{
    *out = str_trim(xml_child_text(&l->arena, agent, STR(NS_SASL2), name));
    return out->n <= AGENT_TEXT_BYTES ? ERR_NONE : ERR_TOO_BIG;
}

/* The id names the client to nobody but its own account. It is to be a UUID; any text will do to know it again. */
static enum err read_agent(struct login *l, const struct xml_node *agent)
{
    enum err e;

    if (agent == NULL)
        return ERR_NONE;
    l->agent_id = arena_str(&l->arena, xml_get(agent, STR("id")));
    if (l->agent_id.n > AGENT_ID_BYTES)
        return ERR_TOO_BIG;
    if ((e = read_agent_text(l, agent, STR("software"), &l->software)) != ERR_NONE)
        return e;
    return read_agent_text(l, agent, STR("device"), &l->device_name);
}

/* The SASL data is not kept: it may be a password. */
enum err sasl2_read(struct login *l, const struct xml_node *authenticate)
{
    l->request = xml_new(&l->arena, STR(NS_SASL2), STR("authenticate"));
    for (const struct xml_node *n = xml_first_element(authenticate); n != NULL;
         n = xml_next_element(n))
        if (!xml_is(n, STR(NS_SASL2), STR("initial-response")))
            xml_append(l->request, xml_copy(&l->arena, n));
    return read_agent(l, xml_child(l->request, STR(NS_SASL2), STR("user-agent")));
}

/* ---- At home --------------------------------------------------------------------------------------- */

static void write_token(struct arena *a, struct xml_node *success, const struct login *l)
{
    struct xml_node *token;

    if (l->token.n == 0)
        return;
    token = xml_add(a, success, STR(NS_FAST), STR("token"));
    xml_set(a, token, STR("expiry"), datetime_text(a, l->device.next_token.expires_ms));
    xml_set(a, token, STR("token"), l->token);
}

void sasl2_success(struct session *s, struct arena *a, struct xml_node *result)
{
    struct login *l = s->login;
    struct xml_node *success = xml_new(a, STR(NS_SASL2), STR("success"));

    if (l->final.n > 0)
        xml_add_text_child(a, success, STR(NS_SASL2), STR("additional-data"),
                           base64_text(a, bytes_of_str(l->final)));
    xml_add_text_child(a, success, STR(NS_SASL2), STR("authorization-identifier"), s->full);
    if (l->not_resumed != NULL)
        xml_append(success, l->not_resumed);
    if (result != NULL)
        xml_append(success, result);
    write_token(a, success, l);
    stream_write(&s->stream, success);
    secure_zero((char *)l->token.p, l->token.n);
    if (result == NULL || !xml_is(result, STR(NS_SM), STR("resumed")))
        session_offer_features(s); /* a resumed stream had its own: XEP-0198 §9.2 */
    session_flush(s);
}

static void go_on(struct session *s)
{
    const struct login *l = s->login;
    const struct xml_node *resume = xml_child(l->request, STR(NS_SM), STR("resume"));
    struct arena a = { 0 };

    if (resume != NULL && resume_inline(s, resume))
        return; /* this session is no more: its connection is that of the one that was resumed */
    if (bind2_request(l) != NULL) {
        bind_begin(s, l->agent_id);
        session_resume_reading(s);
        return;
    }
    sasl2_success(s, &a, NULL);
    arena_deinit(&a);
    s->state = SESSION_AUTHENTICATED;
    session_resume_reading(s);
}

void sasl2_arrived(struct session *s)
{
    if (s->login->agent_id.n > 0)
        device_logged_in(s, go_on);
    else
        go_on(s);
}
