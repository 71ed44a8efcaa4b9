/* session_fast.c: FAST (XEP-0484): tokens instead of passwords, with the HT mechanisms: one round trip.
 *
 * A token is HMAC(server's secret, what it is for || seed). The store keeps the seed only, so who reads the database,
 * or a copy of it, without the server's key holds no token. A device has two: the one in use and one that it was
 * given and has not used yet, so a client that never heard of the newer one still gets in (§3.5).
 */
#include "base/encode.h"
#include "server/auth.h"
#include "server/limits.h"

enum { TOKEN_OCTETS = 32, SEED_OCTETS = 16 };

/* Without channel binding last: clients take the first that they can. */
static const struct mechanism mechanisms[] = {
    { STR_INIT("HT-SHA-256-EXPR"), SASL_TOKEN, HASH_SHA256, BINDING_TLS_EXPORTER },
    { STR_INIT("HT-SHA-256-ENDP"), SASL_TOKEN, HASH_SHA256, BINDING_TLS_SERVER_END_POINT },
    { STR_INIT("HT-SHA-256-NONE"), SASL_TOKEN, HASH_SHA256, BINDING_NONE },
};

/* ---- What is offered ------------------------------------------------------------------------------- */

void fast_features(struct session *s, struct arena *a, struct xml_node *inline_features)
{
    struct xml_node *fast;

    if (!s->home->settings->mechanism_fast)
        return;
    fast = xml_add(a, inline_features, STR(NS_FAST), STR("fast"));
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (auth_can_bind(s, mechanisms[i].binding))
            xml_add_text_child(a, fast, STR(NS_FAST), STR("mechanism"), mechanisms[i].name);
}

const struct mechanism *fast_mechanism(struct session *s, struct str name)
{
    for (size_t i = 0; s->home->settings->mechanism_fast && i < COUNT_OF(mechanisms); i++)
        if (str_eq(mechanisms[i].name, name) && auth_can_bind(s, mechanisms[i].binding))
            return &mechanisms[i];
    return NULL;
}

/* ---- Tokens ---------------------------------------------------------------------------------------- */

static void add_part(struct buf *out, struct str part)
{
    buf_add(out, part);
    buf_add_char(out, '\0'); /* no part holds one but the seed, which is the last */
}

static struct str token_text(const struct settings *s, struct arena *a, struct str account,
                             struct str resource, const struct device_token *t)
{
    uint8_t octets[TOKEN_OCTETS];
    struct buf input;
    struct str text;

    buf_init(&input, 8192);
    add_part(&input, STR("token"));
    add_part(&input, account);
    add_part(&input, resource);
    add_part(&input, t->mechanism);
    buf_add_bytes(&input, t->seed);
    hmac(HASH_SHA256, bytes_of(s->secret, sizeof s->secret), buf_bytes(&input), octets);
    buf_deinit(&input);
    text = base64url_text(a, bytes_of(octets, sizeof octets));
    secure_zero(octets, sizeof octets);
    return text;
}

/* ---- Logging in with one --------------------------------------------------------------------------- */

static struct bytes binding_of(const struct auth *auth, struct arena *a)
{
    struct session *s = auth->session;
    struct binding_data bound = s->home->host->ops->binding(s->link, a);

    switch (auth->login->mechanism->binding) {
    case BINDING_TLS_EXPORTER: return bound.exporter;
    case BINDING_TLS_SERVER_END_POINT: return bound.server_end_point;
    case BINDING_NONE: break;
    }
    return (struct bytes){ NULL, 0 };
}

/* `count` grows with every use of a token (§3.4): a replayed request has one that was seen. */
static bool count_is_new(const struct xml_node *fast, const struct device_token *t, uint32_t *out)
{
    struct str text = xml_get(fast, STR("count"));
    uint64_t count;

    *out = t->count;
    if (text.p == NULL)
        return true;
    if (str_to_u64(text, UINT32_MAX, &count) != ERR_NONE || count <= t->count)
        return false;
    *out = (uint32_t)count;
    return true;
}

/* The same work whether there is such a token or not. */
static bool token_fits(const struct auth *auth, struct arena *a, const struct device_token *t)
{
    const struct home *h = auth->session->home;
    struct str resource = bind_resource(h, a, &auth->jid, auth->login->agent_id);
    struct str token = token_text(h->settings, a, jid_bare_text(a, &auth->jid), resource, t);
    struct bytes binding = binding_of(auth, a);
    uint8_t expected[HT_PROOF_OCTETS], answer[HT_PROOF_OCTETS];
    bool fits;

    sasl_ht_proof(token, HT_INITIATOR, binding, expected);
    sasl_ht_proof(token, HT_RESPONDER, binding, answer);
    fits = ct_equal(expected, auth->proof.p, sizeof expected) && t->seed.n > 0
           && str_eq(t->mechanism, auth->login->mechanism->name);
    if (fits)
        auth->login->final =
            arena_str(&auth->login->arena, str_of_bytes(bytes_of(answer, sizeof answer)));
    secure_zero((char *)token.p, token.n);
    return fits;
}

const char *fast_check(struct auth *auth)
{
    struct login *l = auth->login;
    const struct xml_node *fast = xml_child(l->request, STR(NS_FAST), STR("fast"));
    bool next_fits = token_fits(auth, &auth->arena, &l->device.next_token);
    bool fits = token_fits(auth, &auth->arena, &l->device.token);

    if (l->account == 0 || !l->device_known || (!fits && !next_fits))
        return "not-authorized";
    l->used = next_fits ? &l->device.next_token : &l->device.token;
    if (l->used->expires_ms <= auth->session->home->now_ms)
        return "credentials-expired";
    if (!count_is_new(fast, l->used, &l->used->count))
        return "not-authorized";
    l->credential = l->device.via; /* a token is worth no more than that by which it was got */
    return NULL;
}

/* ---- What a login does to the tokens --------------------------------------------------------------- */

static bool is_true(struct str value) /* xs:boolean */
{
    return str_is(value, "true") || str_is(value, "1");
}

/* The mechanism of the token that is to be made; NULL: none. */
static const struct mechanism *wanted(struct session *s, struct login *l, bool invalidate)
{
    const struct xml_node *request = xml_child(l->request, STR(NS_FAST), STR("request-token"));

    if (request != NULL)
        return fast_mechanism(s, xml_get(request, STR("mechanism")));
    if (l->used == NULL || invalidate || s->home->now_ms - l->used->made_ms < FAST_ROTATE_MS)
        return NULL;
    return l->mechanism;
}

static void make_token(struct session *s, struct login *l, const struct mechanism *m)
{
    uint8_t seed[SEED_OCTETS];
    struct device_token *t = &l->device.next_token;

    random_fill(&s->home->host->random, seed, sizeof seed);
    *t = (struct device_token){
        .seed = arena_bytes(&l->arena, bytes_of(seed, sizeof seed)),
        .mechanism = m->name,
        .made_ms = s->home->now_ms,
        .expires_ms = s->home->now_ms + FAST_TOKEN_S * 1000ull,
    };
    l->token = token_text(s->home->settings, &l->arena, s->full, l->device.resource, t);
}

/* The one that was used is the current one from now on, and what is older is void (§3.5). */
void fast_renew(struct session *s, struct login *l)
{
    const struct xml_node *fast = xml_child(l->request, STR(NS_FAST), STR("fast"));
    bool invalidate = l->used != NULL && is_true(xml_get(fast, STR("invalidate")));
    const struct mechanism *m = wanted(s, l, invalidate);

    if (l->used == &l->device.next_token) {
        l->device.token = l->device.next_token;
        l->device.next_token = (struct device_token){ 0 };
    }
    if (invalidate) /* somebody logs out: one that was never used goes too */
        l->device.token = l->device.next_token = (struct device_token){ 0 };
    if (m != NULL)
        make_token(s, l, m);
}
