/* login_sasl.c: SCRAM and tokens in both profiles (RFC 6120 §6.4, XEP-0388). */
#include "client/login_sasl.h"

#include <string.h>

#include "base/encode.h"
#include "xmpp/ns.h"
#include "xmpp/stanza.h"

enum { OFFERS_MAX = 64, TOKEN_MAX = 1024, SM_ID_MAX = 4000 };

struct mechanism {
    struct str name;
    bool token;
    enum hash hash;
    enum channel_binding binding; /* of a token; SCRAM chooses among those that both know */
    bool plus;
};

/* Best first. What binds to the channel beats what does not, whatever its hash: it shows that nobody sits in between. */
static const struct mechanism mechanisms[] = {
    { STR_INIT("HT-SHA-256-EXPR"), true, HASH_SHA256, BINDING_TLS_EXPORTER, true },
    { STR_INIT("HT-SHA-256-ENDP"), true, HASH_SHA256, BINDING_TLS_SERVER_END_POINT, true },
    { STR_INIT("HT-SHA-256-NONE"), true, HASH_SHA256, BINDING_NONE, false },
    { STR_INIT("SCRAM-SHA-512-PLUS"), false, HASH_SHA512, BINDING_NONE, true },
    { STR_INIT("SCRAM-SHA-256-PLUS"), false, HASH_SHA256, BINDING_NONE, true },
    { STR_INIT("SCRAM-SHA-1-PLUS"), false, HASH_SHA1, BINDING_NONE, true },
    { STR_INIT("SCRAM-SHA-512"), false, HASH_SHA512, BINDING_NONE, false },
    { STR_INIT("SCRAM-SHA-256"), false, HASH_SHA256, BINDING_NONE, false },
    { STR_INIT("SCRAM-SHA-1"), false, HASH_SHA1, BINDING_NONE, false },
};

/* ---- Choosing -------------------------------------------------------------------------------------- */

static size_t read_names(struct arena *a, const struct xml_node *list, const char *ns,
                         const char *name, struct str *out)
{
    size_t n = 0;

    for (const struct xml_node *c = list ? xml_first_element(list) : NULL;
         c != NULL && n < OFFERS_MAX; c = xml_next_element(c))
        if (xml_is(c, str_from(ns), str_from(name)))
            out[n++] = arena_str(a, str_is(c->name, "mechanism") ? str_trim(xml_text_of(a, c))
                                                                 : xml_get(c, STR("type")));
    return n;
}

static void read_offer(struct login *l, const struct xml_node *features,
                       const struct xml_node *sasl2)
{
    const struct xml_node *bindings =
        xml_child(features, STR(NS_SASL_CB), STR("sasl-channel-binding"));
    struct sasl_offer *o = &l->offer;

    o->mechanisms = arena_alloc(&l->arena, OFFERS_MAX * sizeof *o->mechanisms);
    o->bindings = arena_alloc(&l->arena, OFFERS_MAX * sizeof *o->bindings);
    o->mechanism_count =
        sasl2 != NULL ? read_names(&l->arena, sasl2, NS_SASL2, "mechanism", o->mechanisms)
                      : read_names(&l->arena, xml_child(features, STR(NS_SASL), STR("mechanisms")),
                                   NS_SASL, "mechanism", o->mechanisms);
    o->binding_count = read_names(&l->arena, bindings, NS_SASL_CB, "channel-binding", o->bindings);
}

static bool is_among(const struct str *names, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

static struct bytes binding_bytes(const struct login *l, enum channel_binding b)
{
    return b == BINDING_TLS_EXPORTER           ? l->binding.exporter
           : b == BINDING_TLS_SERVER_END_POINT ? l->binding.server_end_point
                                               : (struct bytes){ 0 };
}

/* Servers that do not list their bindings (XEP-0440) have at least one of the two; tls-exporter is the one that a
 * server before TLS 1.3 does not know, so the other is the safer guess. */
static enum channel_binding common_binding(const struct login *l)
{
    const struct sasl_offer *o = &l->offer;

    if (l->binding.exporter.n > 0 && is_among(o->bindings, o->binding_count, STR("tls-exporter")))
        return BINDING_TLS_EXPORTER;
    if (l->binding.server_end_point.n > 0
        && (o->binding_count == 0
            || is_among(o->bindings, o->binding_count, STR("tls-server-end-point"))))
        return BINDING_TLS_SERVER_END_POINT;
    return BINDING_NONE;
}

static const struct xml_node *inline_list(const struct xml_node *sasl2)
{
    return sasl2 ? xml_child(sasl2, STR(NS_SASL2), STR("inline")) : NULL;
}

static bool is_usable(const struct login *l, const struct mechanism *m, const struct str *tokens,
                      size_t token_count)
{
    const struct login_account *account = l->account;

    if (m->token)
        return account->token.n > 0 && str_eq(account->token_name, m->name)
               && is_among(tokens, token_count, m->name)
               && (!m->plus || binding_bytes(l, m->binding).n > 0);
    return account->password.n > 0
           && is_among(l->offer.mechanisms, l->offer.mechanism_count, m->name)
           && (!m->plus || common_binding(l) != BINDING_NONE);
}

/* A token is bound to the device and was got by a login that met the pins, so those are for passwords. Channel binding
 * is not demanded of a connection that cannot do it: then our own side has changed, not the server. */
static bool falls_behind(const struct login *l, const struct mechanism *m)
{
    const struct login_pins *pins = &l->account->pins;
    bool can_bind = l->binding.exporter.n > 0 || l->binding.server_end_point.n > 0;

    if (pins->sasl2 && !l->sasl2)
        return true;
    return !m->token
           && ((pins->plus && !m->plus && can_bind) || (!m->plus && m->hash < pins->hash));
}

bool login_choose(struct login *l, const struct xml_node *features, enum login_failure *out_why)
{
    const struct xml_node *sasl2 = xml_child(features, STR(NS_SASL2), STR("authentication"));
    const struct xml_node *in_line = inline_list(sasl2), *fast;
    struct str tokens[OFFERS_MAX];
    size_t token_count;

    l->sasl2 = sasl2 != NULL;
    fast = in_line ? xml_child(in_line, STR(NS_FAST), STR("fast")) : NULL;
    token_count = read_names(&l->arena, fast, NS_FAST, "mechanism", tokens);
    read_offer(l, features, sasl2);
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
        if (!is_usable(l, &mechanisms[i], tokens, token_count))
            continue;
        *out_why = LOGIN_DOWNGRADE;
        l->mechanism = &mechanisms[i];
        return !falls_behind(l, l->mechanism);
    }
    *out_why = LOGIN_NO_MECHANISM;
    return false;
}

/* ---- Asking ---------------------------------------------------------------------------------------- */

struct xml_node *login_resume_element(struct arena *a, const struct login_account *account)
{
    struct xml_node *resume = xml_new(a, STR(NS_SM), STR("resume"));

    xml_set(a, resume, STR("previd"), account->resume_id);
    xml_set(a, resume, STR("h"), arena_printf(a, "%u", (unsigned)account->resume_h));
    return resume;
}

static void add_agent(struct login *l, struct arena *a, struct xml_node *authenticate)
{
    struct xml_node *agent = xml_add(a, authenticate, STR(NS_SASL2), STR("user-agent"));

    xml_set(a, agent, STR("id"), l->account->agent_id);
    xml_add_text_child(a, agent, STR(NS_SASL2), STR("software"), l->account->software);
    if (l->account->device.n > 0)
        xml_add_text_child(a, agent, STR(NS_SASL2), STR("device"), l->account->device);
}

/* XEP-0386 §3.1: a server lists what it turns on with the binding; of the rest it would make nothing, without a word. */
static bool turns_on(const struct xml_node *offered, const char *feature)
{
    const struct xml_node *list = xml_child(offered, STR(NS_BIND2), STR("inline"));

    for (const struct xml_node *n = list ? xml_first_element(list) : NULL; n != NULL;
         n = xml_next_element(n))
        if (xml_is(n, STR(NS_BIND2), STR("feature")) && str_is(xml_get(n, STR("var")), feature))
            return true;
    return false;
}

static void add_bind(struct login *l, struct arena *a, const struct xml_node *in_line,
                     struct xml_node *authenticate)
{
    const struct xml_node *offered = xml_child(in_line, STR(NS_BIND2), STR("bind"));
    struct xml_node *bind;

    if (offered == NULL)
        return;
    bind = xml_add(a, authenticate, STR(NS_BIND2), STR("bind"));
    xml_add_text_child(a, bind, STR(NS_BIND2), STR("tag"), l->account->software);
    if (turns_on(offered, NS_SM))
        xml_set(a, xml_add(a, bind, STR(NS_SM), STR("enable")), STR("resume"), STR("true"));
    l->asks_carbons = turns_on(offered, NS_CARBONS);
    if (l->asks_carbons)
        xml_add(a, bind, STR(NS_CARBONS), STR("enable"));
}

/* The best token that this connection could use next time. */
static void ask_for_token(struct login *l, struct arena *a, const struct xml_node *in_line,
                          struct xml_node *authenticate)
{
    const struct xml_node *fast = xml_child(in_line, STR(NS_FAST), STR("fast"));
    struct str names[OFFERS_MAX];
    size_t n = read_names(&l->arena, fast, NS_FAST, "mechanism", names);

    for (size_t i = 0; i < COUNT_OF(mechanisms) && mechanisms[i].token; i++) {
        const struct mechanism *m = &mechanisms[i];
        struct xml_node *request;

        if (!is_among(names, n, m->name) || (m->plus && binding_bytes(l, m->binding).n == 0))
            continue;
        request = xml_add(a, authenticate, STR(NS_FAST), STR("request-token"));
        xml_set(a, request, STR("mechanism"), m->name);
        l->result.token_name = m->name;
        return;
    }
}

static void add_inline(struct login *l, struct arena *a, const struct xml_node *features,
                       struct xml_node *authenticate)
{
    const struct xml_node *in_line =
        inline_list(xml_child(features, STR(NS_SASL2), STR("authentication")));

    add_agent(l, a, authenticate);
    if (in_line == NULL)
        return;
    if (l->account->resume_id.n > 0 && xml_child(in_line, STR(NS_SM), STR("sm")) != NULL)
        xml_append(authenticate, login_resume_element(a, l->account));
    add_bind(l, a, in_line, authenticate);
    if (l->mechanism->token)
        xml_add(a, authenticate, STR(NS_FAST), STR("fast"));
    else
        ask_for_token(l, a, in_line, authenticate);
}

/* Whether a server could bind is known from what it offers, not from the mechanism that we choose. */
static bool offers_plus(const struct login *l)
{
    for (size_t i = 0; i < l->offer.mechanism_count; i++)
        if (str_ends(l->offer.mechanisms[i], STR("-PLUS")))
            return true;
    return false;
}

static struct str first_message(struct login *l, struct arena *a)
{
    const struct mechanism *m = l->mechanism;
    bool could_bind = l->binding.exporter.n > 0 || l->binding.server_end_point.n > 0;
    struct str user = l->account->jid.local;

    l->with_token = m->token;
    if (m->token)
        return sasl_ht_first(a, user, l->account->token, binding_bytes(l, m->binding));
    scram_client_init(&l->scram, m->hash, m->plus ? common_binding(l) : BINDING_NONE,
                      could_bind && !offers_plus(l));
    return scram_client_first(&l->scram, &l->arena, user, l->random);
}

void login_authenticate(struct login *l, struct stream *s, const struct xml_node *features)
{
    struct arena a = { 0 };
    struct str first = base64_text(&a, bytes_of_str(first_message(l, &a)));
    struct xml_node *node = l->sasl2 ? xml_new(&a, STR(NS_SASL2), STR("authenticate"))
                                     : xml_new(&a, STR(NS_SASL), STR("auth"));

    xml_set(&a, node, STR("mechanism"), l->mechanism->name);
    if (l->sasl2) {
        xml_add_text_child(&a, node, STR(NS_SASL2), STR("initial-response"), first);
        add_inline(l, &a, features, node);
    } else {
        xml_add_text(&a, node, first);
    }
    stream_write(s, node);
    arena_deinit(&a);
}

/* ---- Answers --------------------------------------------------------------------------------------- */

static bool read_number(struct str text, uint32_t *out)
{
    uint64_t n;

    if (text.p == NULL || str_to_u64(text, UINT32_MAX, &n) != ERR_NONE)
        return false;
    *out = (uint32_t)n;
    return true;
}

bool login_read_resumption(struct login *l, const struct xml_node *node)
{
    bool told = read_number(xml_get(node, STR("h")), &l->result.h);

    if (xml_is(node, STR(NS_SM), STR("failed"))) {
        l->result.not_resumed_h = told;
        return true;
    }
    l->result.resumed = told && str_eq(xml_get(node, STR("previd")), l->account->resume_id);
    l->result.sm = l->result.resumed;
    l->result.sm_id = l->account->resume_id;
    return l->result.resumed;
}

void login_read_enabled(struct login *l, const struct xml_node *enabled)
{
    struct str resume = xml_get(enabled, STR("resume")), id = xml_get(enabled, STR("id"));

    l->result.sm = true;
    if ((str_is(resume, "true") || str_is(resume, "1")) && id.n > 0 && id.n <= SM_ID_MAX)
        l->result.sm_id = arena_str(&l->arena, id);
}

bool login_read_jid(struct login *l, struct str text)
{
    struct jid jid;

    if (jid_parse(&l->arena, text, &jid) != ERR_NONE || jid.resource.n == 0
        || !jid_same_account(&jid, &l->account->jid))
        return false;
    l->result.jid = jid_copy(&l->arena, &jid);
    return true;
}

static bool read_bound(struct login *l, const struct xml_node *success)
{
    const struct xml_node *bound = xml_child(success, STR(NS_BIND2), STR("bound")), *enabled;
    struct str jid = str_trim(
        xml_child_text(&l->arena, success, STR(NS_SASL2), STR("authorization-identifier")));

    if (bound == NULL)
        return true; /* RFC 6120's binding follows */
    if (!login_read_jid(l, jid))
        return false;
    if ((enabled = xml_child(bound, STR(NS_SM), STR("enabled"))) != NULL)
        login_read_enabled(l, enabled);
    l->result.carbons = l->asks_carbons;
    return true;
}

static bool read_inline(struct login *l, const struct xml_node *success)
{
    const struct xml_node *resumed = xml_child(success, STR(NS_SM), STR("resumed"));
    const struct xml_node *failed = xml_child(success, STR(NS_SM), STR("failed"));
    const struct xml_node *token = xml_child(success, STR(NS_FAST), STR("token"));
    struct str text = token ? xml_get(token, STR("token")) : STR_NONE;

    if (text.n > 0 && text.n <= TOKEN_MAX) {
        l->result.token = arena_str(&l->arena, text);
        if (l->mechanism->token) /* a fresh one in place of the one that was used */
            l->result.token_name = l->mechanism->name;
    }
    if (resumed != NULL)
        return l->account->resume_id.n > 0 && login_read_resumption(l, resumed);
    if (failed != NULL && !login_read_resumption(l, failed))
        return false;
    return read_bound(l, success);
}

/* XEP-0474: the server tells, under the password's protection, what it offered. */
static bool is_downgraded(struct login *l, struct str server_first)
{
    while (server_first.p != NULL) {
        struct str attribute = str_split(&server_first, ',');

        if (str_starts(attribute, STR("h=")))
            return !str_eq(str_skip(attribute, 2),
                           sasl_downgrade_hash(&l->arena, l->scram.hash, &l->offer));
    }
    return false;
}

static void remember(struct login *l)
{
    struct login_pins *pins = &l->result.pins;

    pins->sasl2 |= l->sasl2;
    if (l->mechanism->token)
        return;
    pins->plus |= l->mechanism->plus;
    if (l->mechanism->hash > pins->hash)
        pins->hash = l->mechanism->hash;
}

static enum sasl_progress challenged(struct login *l, struct stream *s, const struct xml_node *node,
                                     enum login_failure *why)
{
    struct arena a = { 0 };
    struct bytes octets;
    struct str answer, password;
    struct xml_node *response;

    *why = LOGIN_BROKEN;
    if (l->with_token || l->scram.proof_sent
        || base64_read(&l->arena, str_trim(xml_text_of(&l->arena, node)), &octets) != ERR_NONE)
        return SASL_FAILED;
    if (is_downgraded(l, str_of_bytes(octets))) {
        *why = LOGIN_DOWNGRADE;
        return SASL_FAILED;
    }
    if (sasl_prepare_password(&l->arena, l->account->password, &password) != ERR_NONE) {
        *why = LOGIN_REFUSED;
        return SASL_FAILED;
    }
    if (scram_client_final(&l->scram, &l->arena, str_of_bytes(octets), password, &l->binding,
                           &answer)
        != ERR_NONE)
        return SASL_FAILED;
    response = xml_new(&a, l->sasl2 ? STR(NS_SASL2) : STR(NS_SASL), STR("response"));
    xml_add_text(&a, response, base64_text(&a, bytes_of_str(answer)));
    stream_write(s, response);
    arena_deinit(&a);
    return SASL_GOES_ON;
}

/* The other half of the proof: that the server knows the password, too. */
static bool is_genuine(struct login *l, const struct xml_node *success)
{
    struct bytes final = { 0 };
    struct str text =
        l->sasl2 ? xml_child_text(&l->arena, success, STR(NS_SASL2), STR("additional-data"))
                 : xml_text_of(&l->arena, success);
    uint8_t proof[HT_PROOF_OCTETS];

    if (text.n > 0 && base64_read(&l->arena, str_trim(text), &final) != ERR_NONE)
        return false;
    if (!l->with_token)
        return l->scram.proof_sent
               && scram_client_verify(&l->scram, &l->arena, str_of_bytes(final)) == ERR_NONE;
    sasl_ht_proof(l->account->token, HT_RESPONDER, binding_bytes(l, l->mechanism->binding), proof);
    return final.n == sizeof proof && ct_equal(final.p, proof, sizeof proof);
}

static enum sasl_progress succeeded(struct login *l, const struct xml_node *node,
                                    enum login_failure *why)
{
    *why = LOGIN_IMPOSTOR;
    if (!is_genuine(l, node))
        return SASL_FAILED;
    *why = LOGIN_BROKEN;
    if (l->sasl2 && !read_inline(l, node))
        return SASL_FAILED;
    remember(l);
    return SASL_SUCCEEDED;
}

/* RFC 6120 §6.5. What is wrong with a token may be right with the password. */
static enum sasl_progress refused(struct login *l, const struct xml_node *node,
                                  enum login_failure *why, struct str *text)
{
    *text = xml_child_text(&l->arena, node, l->sasl2 ? STR(NS_SASL2) : STR(NS_SASL), STR("text"));
    if (xml_child(node, STR(NS_SASL), STR("account-disabled")) != NULL)
        *why = LOGIN_DISABLED;
    else if (xml_child(node, STR(NS_SASL), STR("temporary-auth-failure")) != NULL)
        *why = LOGIN_LATER;
    else
        *why = l->with_token ? LOGIN_TOKEN_STALE : LOGIN_REFUSED;
    return SASL_FAILED;
}

enum sasl_progress login_sasl(struct login *l, struct stream *s, const struct xml_node *node,
                              enum login_failure *out_why, struct str *out_text)
{
    struct str ns = l->sasl2 ? STR(NS_SASL2) : STR(NS_SASL);

    if (xml_is(node, ns, STR("challenge")))
        return challenged(l, s, node, out_why);
    if (xml_is(node, ns, STR("success")))
        return succeeded(l, node, out_why);
    if (xml_is(node, ns, STR("failure")))
        return refused(l, node, out_why, out_text);
    *out_why = LOGIN_BROKEN;
    return SASL_FAILED;
}
