/* session_sasl.c: the elements that carry a SASL exchange, in RFC 6120's profile (§6.4) and in XEP-0388's.
 *
 * Both are offered side by side. They share challenge, response and abort; what XEP-0388 adds is in session_sasl2.c.
 */
#include "server/auth.h"

#include "base/encode.h"

/* ---- What is offered ------------------------------------------------------------------------------- */

static void write_bindings(struct session *s, struct arena *a, struct xml_node *features)
{
    struct xml_node *list = xml_new(a, STR(NS_SASL_CB), STR("sasl-channel-binding"));
    /* XEP-0440 §3: a server MUST offer tls-server-end-point, so it comes first. */
    static const enum channel_binding kinds[] = { BINDING_TLS_SERVER_END_POINT,
                                                  BINDING_TLS_EXPORTER };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (auth_can_bind(s, kinds[i]))
            xml_set(a, xml_add(a, list, STR(NS_SASL_CB), STR("channel-binding")), STR("type"),
                    str_from(channel_binding_name(kinds[i])));
    if (list->first != NULL)
        xml_append(features, list);
}

void auth_features(struct session *s, struct arena *a, struct xml_node *features)
{
    struct xml_node *list = xml_add(a, features, STR(NS_SASL), STR("mechanisms"));
    struct str names[AUTH_MECHANISMS];
    size_t n = auth_offered(s, names);

    for (size_t i = 0; i < n; i++)
        xml_add_text_child(a, list, STR(NS_SASL), STR("mechanism"), names[i]);
    sasl2_features(s, a, features);
    write_bindings(s, a, features);
}

/* ---- Writing --------------------------------------------------------------------------------------- */

static void write_octets(struct session *s, struct str ns, struct str name, struct str octets)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, ns, name);

    if (octets.n > 0)
        xml_add_text(&a, node, base64_text(&a, bytes_of_str(octets)));
    stream_write(&s->stream, node);
    arena_deinit(&a);
}

static struct str profile(const struct auth *auth)
{
    return auth->sasl2 ? STR(NS_SASL2) : STR(NS_SASL);
}

void sasl_challenge(struct auth *auth, struct str octets)
{
    write_octets(auth->session, profile(auth), STR("challenge"), octets);
}

/* The condition is RFC 6120's in either profile (XEP-0388 §2.6.2). */
void sasl_failure(struct auth *auth, struct str condition)
{
    struct arena a = { 0 };
    struct xml_node *failure = xml_new(&a, profile(auth), STR("failure"));

    xml_add(&a, failure, STR(NS_SASL), condition);
    stream_write(&auth->session->stream, failure);
    arena_deinit(&a);
}

void sasl_success(struct session *s)
{
    write_octets(s, STR(NS_SASL), STR("success"), s->login->final);
    session_flush(s);
    if (!stream_restart(&s->stream))
        return; /* its new header came early; without a security layer that does no harm */
}

/* ---- Reading --------------------------------------------------------------------------------------- */

/* Base64 text content; "=" stands for an empty message (RFC 6120 §6.4.2). */
static enum err read_octets(struct arena *a, const struct xml_node *node, struct str *out)
{
    struct str text = node != NULL ? xml_text_of(a, node) : STR_NONE;
    struct bytes octets;
    enum err e;

    if (text.n == 0 || str_eq(text, STR("="))) {
        *out = STR("");
        return ERR_NONE;
    }
    e = base64_read(a, str_trim(text), &octets);
    if (e == ERR_NONE)
        *out = str_of_bytes(octets);
    return e;
}

static void receive(struct auth *auth, const struct xml_node *node)
{
    struct str message;

    if (read_octets(&auth->arena, node, &message) == ERR_NONE)
        auth_receive(auth, message);
    else
        auth_fail(auth, STR("incorrect-encoding"));
}

static void begin(struct auth *auth, const struct xml_node *node)
{
    struct login *login = mem_alloc(sizeof *login);

    if (auth->sasl2 && sasl2_read(login, node) != ERR_NONE) {
        login_free(login);
        auth_fail(auth, STR("malformed-request"));
        return;
    }
    auth_start(auth, xml_get(node, STR("mechanism")), login);
    if (auth->step == AUTH_STARTED)
        receive(auth, auth->sasl2 ? xml_child(node, STR(NS_SASL2), STR("initial-response")) : node);
}

static struct auth *auth_of(struct session *s)
{
    if (s->auth == NULL) {
        s->auth = mem_alloc(sizeof *s->auth);
        s->auth->session = s;
    }
    return s->auth;
}

/* True: it was a SASL element of the profile in which the exchange, if there is one, began. */
static bool take(struct session *s, const struct xml_node *node, bool sasl2)
{
    struct auth *auth = auth_of(s);

    if (auth->step != AUTH_IDLE && auth->sasl2 != sasl2)
        return false;
    auth->sasl2 = sasl2;
    if (str_eq(node->name, sasl2 ? STR("authenticate") : STR("auth")))
        begin(auth, node);
    else if (str_eq(node->name, STR("response")))
        receive(auth, node);
    else if (str_eq(node->name, STR("abort")))
        auth_fail(auth, STR("aborted"));
    else
        return false;
    return true;
}

bool auth_element(struct session *s, struct xml_node *node)
{
    bool sasl2 = str_eq(node->ns, STR(NS_SASL2));

    if ((sasl2 || str_eq(node->ns, STR(NS_SASL))) && take(s, node, sasl2))
        return true;
    if (s->auth == NULL || s->auth->step == AUTH_IDLE)
        return false;
    session_fail(s, STREAM_NOT_AUTHORIZED, STR("An exchange is under way.")); /* XEP-0388 §2.4 */
    return true;
}
