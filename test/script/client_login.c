/* client_login.c: from a new connection to an available resource, as options of a script say. */
#include <string.h>

#include "base/encode.h"
#include "test/script/client.h"
#include "test/script/client_caps.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"
#include "xmpp/sasl.h"

struct wishes {
    struct str address, mechanism, password, resource, priority, caps, h;
    bool raw, clear, sm, sm_manual, carbons, no_roster, no_presence;
};

static bool read_wish(struct wishes *w, struct str name, struct str value)
{
    const struct {
        const char *name;
        bool *flag;
        struct str *text;
    } known[] = {
        { "raw", &w->raw, NULL },
        { "clear", &w->clear, NULL },
        { "sm", &w->sm, NULL },
        { "carbons", &w->carbons, NULL },
        { "noroster", &w->no_roster, NULL },
        { "nopresence", &w->no_presence, NULL },
        { "from", NULL, &w->address },
        { "mechanism", NULL, &w->mechanism },
        { "password", NULL, &w->password },
        { "as", NULL, &w->resource },
        { "priority", NULL, &w->priority },
        { "caps", NULL, &w->caps },
        { "h", NULL, &w->h },
    };

    if (str_is(name, "sm") && str_is(value, "manual"))
        return w->sm = w->sm_manual = true;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!str_is(name, known[i].name))
            continue;
        if ((known[i].text != NULL) != (value.p != NULL))
            return false;
        if (known[i].text != NULL)
            *known[i].text = value;
        else
            *known[i].flag = true;
        return true;
    }
    return false;
}

static bool read_wishes(struct client *c, struct str options, struct wishes *w)
{
    size_t slash = str_find(c->name, '/');

    *w = (struct wishes){
        .password = STR("secret"),
        .resource = slash < c->name.n ? str_skip(c->name, slash + 1) : STR("main"),
    };
    while (options.p != NULL) {
        struct str value = str_trim(str_split(&options, ' ')), name = str_split(&value, '=');

        if (name.n > 0 && !read_wish(w, name, value))
            return client_fail(c, "unknown option: %.*s", STR_ARG(name));
    }
    return true;
}

/* ---- Small steps ----------------------------------------------------------------------------------- */

/* What comes next has to be this element; it lives until the script ends. */
static struct xml_node *take(struct client *c, const char *ns, const char *name)
{
    struct item *i = client_next(c);
    struct xml_node *node = NULL;

    if (i != NULL && i->kind == ITEM_ELEMENT && xml_is(i->node, str_from(ns), str_from(name)))
        node = xml_copy(&c->arena, i->node);
    else
        client_fail(c, "wanted <%s/>, got %.*s", name, STR_ARG(item_text(&c->arena, i)));
    item_free(i);
    return node;
}

static bool open_stream(struct client *c)
{
    struct item *i;

    if (!client_send_header(c))
        return false;
    i = client_next(c);
    if (i == NULL || i->kind != ITEM_OPENED)
        client_fail(c, "wanted a stream header, got %.*s", STR_ARG(item_text(&c->arena, i)));
    item_free(i);
    return c->why.n == 0 && take(c, NS_STREAM, "features") != NULL;
}

/* An iq and its result, among whatever else comes. */
static struct xml_node *request(struct client *c, const char *type, struct xml_node *payload)
{
    struct xml_node *iq = xml_new(&c->arena, STR(NS_CLIENT), STR("iq"));
    struct xml_node *wanted = xml_new(&c->arena, STR(NS_CLIENT), STR("iq")), *result = NULL;
    struct str id = arena_printf(&c->arena, "script-%u", ++c->ids);
    struct item *i;

    xml_set(&c->arena, iq, STR("type"), str_from(type));
    xml_set(&c->arena, iq, STR("id"), id);
    xml_append(iq, payload);
    client_write_node(c, iq);
    xml_set(&c->arena, wanted, STR("id"), id);
    xml_set(&c->arena, wanted, STR("type"), STR("result"));
    i = client_find(c, wanted);
    if (i != NULL)
        result = xml_copy(&c->arena, i->node);
    else
        client_fail(c, "no result for <%.*s/>, but %.*s", STR_ARG(payload->name),
                    STR_ARG(item_text(&c->arena, client_peek(c))));
    item_free(i);
    return result;
}

/* ---- SASL ------------------------------------------------------------------------------------------ */

static struct str account_name(const struct client *c)
{
    return str_slice(c->name, 0, str_find(c->name, '/'));
}

static void send_sasl(struct client *c, const char *name, struct str mechanism, struct str octets)
{
    struct xml_node *node = xml_new(&c->arena, STR(NS_SASL), str_from(name));

    if (mechanism.n > 0)
        xml_set(&c->arena, node, STR("mechanism"), mechanism);
    xml_add_text(&c->arena, node, base64_text(&c->arena, bytes_of_str(octets)));
    client_write_node(c, node);
}

static bool octets_of(struct client *c, const struct xml_node *node, struct str *out)
{
    struct bytes octets;

    if (node == NULL || base64_read(&c->arena, xml_text_of(&c->arena, node), &octets) != ERR_NONE)
        return false;
    *out = str_of_bytes(octets);
    return true;
}

static bool log_in_plain(struct client *c, struct str password)
{
    struct buf message;

    buf_init(&message, SASL_PASSWORD_MAX * 2);
    buf_add_char(&message, '\0');
    buf_add(&message, account_name(c));
    buf_add_char(&message, '\0');
    buf_add(&message, password);
    send_sasl(c, "auth", STR("PLAIN"), buf_str(&message));
    buf_deinit(&message);
    return take(c, NS_SASL, "success") != NULL;
}

static void fill_nonce(void *ctx, uint8_t *out, size_t n)
{
    memset(out, ((struct client *)ctx)->name.p[0], n);
}

/* What somebody on the way took from the features, or put into them: XEP-0474 §4.2. */
static bool check_offer(struct client *c, enum hash hash, struct str challenge)
{
    struct arena *a = &c->arena;
    struct str mechanisms[16], bindings[4], attribute;
    struct sasl_offer offer = { .mechanisms = mechanisms, .bindings = bindings };
    const struct xml_node *list = xml_child(c->features, STR(NS_SASL), STR("mechanisms"));
    const struct xml_node *types =
        xml_child(c->features, STR(NS_SASL_CB), STR("sasl-channel-binding"));

    for (const struct xml_node *m = list ? xml_first_element(list) : NULL; m != NULL;
         m = xml_next_element(m))
        mechanisms[offer.mechanism_count++] = xml_text_of(a, m);
    for (const struct xml_node *t = types ? xml_first_element(types) : NULL; t != NULL;
         t = xml_next_element(t))
        bindings[offer.binding_count++] = xml_get(t, STR("type"));
    attribute = arena_concat(a, STR(",h="), sasl_downgrade_hash(a, hash, &offer));
    return str_ends(challenge, attribute)
           || client_fail(c, "the features are not those that the server hashed");
}

static bool log_in_scram(struct client *c, struct str mechanism, enum hash hash,
                         struct str password)
{
    struct random random = { fill_nonce, c };
    struct scram_client scram;
    struct str first, challenge, final, verdict;

    scram_client_init(&scram, hash, BINDING_NONE, false);
    first = scram_client_first(&scram, &c->arena, account_name(c), &random);
    send_sasl(c, "auth", mechanism, first);
    if (!octets_of(c, take(c, NS_SASL, "challenge"), &challenge))
        return false;
    if (!check_offer(c, hash, challenge))
        return false;
    if (scram_client_final(&scram, &c->arena, challenge, password, NULL, &final) != ERR_NONE)
        return client_fail(c, "no proper SCRAM challenge; has the account enough iterations?");
    send_sasl(c, "response", STR_NONE, final);
    if (!octets_of(c, take(c, NS_SASL, "success"), &verdict))
        return false;
    if (scram_client_verify(&scram, &c->arena, verdict) != ERR_NONE)
        return client_fail(c, "the server does not know the password");
    return true;
}

static bool offers(const struct client *c, struct str mechanism)
{
    struct arena a = { 0 };
    const struct xml_node *list = xml_child(c->features, STR(NS_SASL), STR("mechanisms"));
    const struct xml_node *m = list ? xml_first_element(list) : NULL;
    bool found = false;

    for (; m != NULL; m = xml_next_element(m))
        found |= str_eq(xml_text_of(&a, m), mechanism);
    arena_deinit(&a);
    return found;
}

static bool authenticate(struct client *c, const struct wishes *w)
{
    static const struct {
        struct str name;
        int hash;
    } mechanisms[] = {
        { STR_INIT("PLAIN"), -1 },
        { STR_INIT("SCRAM-SHA-1"), HASH_SHA1 },
        { STR_INIT("SCRAM-SHA-256"), HASH_SHA256 },
        { STR_INIT("SCRAM-SHA-512"), HASH_SHA512 },
    };

    for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
        struct str name = mechanisms[i].name;

        if (w->mechanism.n > 0 ? !str_eq(name, w->mechanism) : !offers(c, name))
            continue;
        if (mechanisms[i].hash < 0)
            return log_in_plain(c, w->password);
        return log_in_scram(c, name, (enum hash)mechanisms[i].hash, w->password);
    }
    return client_fail(c, "the server offers no mechanism that scripts speak");
}

static bool log_in(struct client *c, const struct wishes *w)
{
    if (c->wire != NULL)
        return client_fail(c, "it is connected already");
    client_open(c, w->address, !w->clear);
    return w->raw || (open_stream(c) && authenticate(c, w) && open_stream(c));
}

/* ---- Binding and what follows ---------------------------------------------------------------------- */

static bool bind(struct client *c, struct str resource)
{
    struct xml_node *payload = xml_new(&c->arena, STR(NS_BIND), STR("bind"));

    xml_add_text_child(&c->arena, payload, STR(NS_BIND), STR("resource"), resource);
    return request(c, "set", payload) != NULL && c->jid.n > 0;
}

static bool enable_sm(struct client *c, const struct wishes *w)
{
    struct xml_node *enable = xml_new(&c->arena, STR(NS_SM), STR("enable")), *enabled;

    xml_set(&c->arena, enable, STR("resume"), STR("true"));
    client_write_node(c, enable);
    if ((enabled = take(c, NS_SM, "enabled")) == NULL)
        return false;
    c->sm = true;
    c->sm_manual = w->sm_manual;
    c->sm_id = xml_get(enabled, STR("id"));
    names_set(c->names, arena_concat(&c->arena, c->name, STR(".sm")), c->sm_id);
    return true;
}

static void add_caps(struct client *c, struct xml_node *presence)
{
    struct xml_node *element = xml_add(&c->arena, presence, STR(NS_CAPS), STR("c"));

    xml_set(&c->arena, element, STR("hash"), STR("sha-1"));
    xml_set(&c->arena, element, STR("node"), STR("urn:sotto:script"));
    xml_set(&c->arena, element, STR("ver"), c->caps_ver);
}

/* It is available when its own presence comes back: RFC 6121 §4.2.2. */
static bool become_available(struct client *c, const struct wishes *w)
{
    struct xml_node *presence = xml_new(&c->arena, STR(NS_CLIENT), STR("presence"));
    struct xml_node *echo = xml_new(&c->arena, STR(NS_CLIENT), STR("presence"));
    struct item *i;

    if (w->priority.n > 0)
        xml_add_text_child(&c->arena, presence, STR(NS_CLIENT), STR("priority"), w->priority);
    if (w->caps.n > 0) {
        c->caps_nodes = w->caps;
        if (disco_caps_hash(&c->arena, client_caps(&c->arena, w->caps), &c->caps_ver) != ERR_NONE)
            return client_fail(c, "these capabilities have no hash");
        add_caps(c, presence);
    }
    client_write_node(c, presence);
    xml_set(&c->arena, echo, STR("from"), c->jid);
    i = client_find(c, echo);
    if (i == NULL)
        return client_fail(c, "its presence did not come back");
    item_free(i);
    return true;
}

static bool set_up(struct client *c, const struct wishes *w)
{
    struct arena *a = &c->arena;

    if (!bind(c, w->resource) || (w->sm && !enable_sm(c, w)))
        return false;
    if (w->carbons && request(c, "set", xml_new(a, STR(NS_CARBONS), STR("enable"))) == NULL)
        return false;
    if (!w->no_roster && request(c, "get", xml_new(a, STR(NS_ROSTER), STR("query"))) == NULL)
        return false;
    return w->no_presence || become_available(c, w);
}

bool client_connect(struct client *c, struct str options)
{
    struct wishes w;

    c->why = STR("");
    return read_wishes(c, options, &w) && log_in(c, &w) && (w.raw || set_up(c, &w));
}

bool client_login(struct client *c, struct str options)
{
    struct wishes w;

    c->why = STR("");
    return read_wishes(c, options, &w) && log_in(c, &w);
}

/* On a new connection; `received` goes on counting (XEP-0198 §5). */
bool client_resume(struct client *c, struct str options)
{
    struct str jid = c->jid;
    bool manual = c->sm_manual;
    struct xml_node *resume = xml_new(&c->arena, STR(NS_SM), STR("resume")), *resumed;
    struct wishes w;

    c->why = STR("");
    if (!read_wishes(c, options, &w) || !log_in(c, &w))
        return false;
    xml_set(&c->arena, resume, STR("previd"), c->sm_id);
    xml_set(&c->arena, resume, STR("h"), w.h.n ? w.h : arena_printf(&c->arena, "%u", c->received));
    c->sm = true;
    c->sm_manual = manual;
    client_write_node(c, resume);
    if ((resumed = take(c, NS_SM, "resumed")) == NULL)
        return false;
    c->jid = jid;
    names_set(c->names, arena_concat(&c->arena, c->name, STR(".h")), xml_get(resumed, STR("h")));
    return true;
}

/* ---- Round trips ----------------------------------------------------------------------------------- */

bool client_ping(struct client *c, struct str to)
{
    struct xml_node *ping = xml_new(&c->arena, STR(NS_CLIENT), STR("iq"));
    struct xml_node *pong = xml_new(&c->arena, STR(NS_CLIENT), STR("iq"));
    struct str id = arena_printf(&c->arena, "ping-%u", ++c->ids);
    struct item *i;

    xml_set(&c->arena, ping, STR("type"), STR("get"));
    xml_set(&c->arena, ping, STR("id"), id);
    xml_set(&c->arena, ping, STR("to"), to);
    xml_add(&c->arena, ping, STR(NS_PING), STR("ping"));
    client_write_node(c, ping);
    xml_set(&c->arena, pong, STR("id"), id);
    i = client_find(c, pong);
    item_free(i);
    return i != NULL || client_fail(c, "the ping was not answered");
}
