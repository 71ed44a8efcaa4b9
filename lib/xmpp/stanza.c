/* stanza.c: from trees to stanzas, and answers to them. */
#include "xmpp/stanza.h"

#include <assert.h>

#include "base/mem.h"
#include "xmpp/ns.h"

static const char *const kinds[] = {
    [STANZA_MESSAGE] = "message",
    [STANZA_PRESENCE] = "presence",
    [STANZA_IQ] = "iq",
};

static const char *const types[] = {
    [MESSAGE_NORMAL] = "normal",
    [MESSAGE_CHAT] = "chat",
    [MESSAGE_GROUPCHAT] = "groupchat",
    [MESSAGE_HEADLINE] = "headline",
    [MESSAGE_ERROR] = "error",
    [PRESENCE_AVAILABLE] = "", /* has no name: RFC 6121 §4.7.1 */
    [PRESENCE_UNAVAILABLE] = "unavailable",
    [PRESENCE_SUBSCRIBE] = "subscribe",
    [PRESENCE_SUBSCRIBED] = "subscribed",
    [PRESENCE_UNSUBSCRIBE] = "unsubscribe",
    [PRESENCE_UNSUBSCRIBED] = "unsubscribed",
    [PRESENCE_PROBE] = "probe",
    [PRESENCE_ERROR] = "error",
    [IQ_GET] = "get",
    [IQ_SET] = "set",
    [IQ_RESULT] = "result",
    [IQ_ERROR] = "error",
};

/* The types of each kind, and what stands in for a type that is absent or unknown. */
static const struct {
    enum stanza_type first, last, fallback;
} kind_types[] = {
    [STANZA_MESSAGE] = { MESSAGE_NORMAL, MESSAGE_ERROR, MESSAGE_NORMAL },
    [STANZA_PRESENCE] = { PRESENCE_AVAILABLE, PRESENCE_ERROR, PRESENCE_AVAILABLE },
    [STANZA_IQ] = { IQ_GET, IQ_ERROR, IQ_GET },
};

/* Names, types and codes by RFC 6120 §8.3.3 and XEP-0086 §3. Where the RFC leaves a choice, the
 * type is what a client acts best on; policy-violation is younger than the codes and takes that of
 * forbidden. */
static const struct {
    const char *name, *type, *code;
} conditions[] = {
    [COND_BAD_REQUEST] = { "bad-request", "modify", "400" },
    [COND_CONFLICT] = { "conflict", "cancel", "409" },
    [COND_FEATURE_NOT_IMPLEMENTED] = { "feature-not-implemented", "cancel", "501" },
    [COND_FORBIDDEN] = { "forbidden", "auth", "403" },
    [COND_GONE] = { "gone", "cancel", "302" },
    [COND_INTERNAL_SERVER_ERROR] = { "internal-server-error", "cancel", "500" },
    [COND_ITEM_NOT_FOUND] = { "item-not-found", "cancel", "404" },
    [COND_JID_MALFORMED] = { "jid-malformed", "modify", "400" },
    [COND_NOT_ACCEPTABLE] = { "not-acceptable", "modify", "406" },
    [COND_NOT_ALLOWED] = { "not-allowed", "cancel", "405" },
    [COND_NOT_AUTHORIZED] = { "not-authorized", "auth", "401" },
    [COND_POLICY_VIOLATION] = { "policy-violation", "modify", "403" },
    [COND_RECIPIENT_UNAVAILABLE] = { "recipient-unavailable", "wait", "404" },
    [COND_REDIRECT] = { "redirect", "modify", "302" },
    [COND_REGISTRATION_REQUIRED] = { "registration-required", "auth", "407" },
    [COND_REMOTE_SERVER_NOT_FOUND] = { "remote-server-not-found", "cancel", "404" },
    [COND_REMOTE_SERVER_TIMEOUT] = { "remote-server-timeout", "wait", "504" },
    [COND_RESOURCE_CONSTRAINT] = { "resource-constraint", "wait", "500" },
    [COND_SERVICE_UNAVAILABLE] = { "service-unavailable", "cancel", "503" },
    [COND_SUBSCRIPTION_REQUIRED] = { "subscription-required", "auth", "407" },
    [COND_UNDEFINED_CONDITION] = { "undefined-condition", "cancel", "500" },
    [COND_UNEXPECTED_REQUEST] = { "unexpected-request", "wait", "400" },
};

static bool is_stanza_ns(struct str ns)
{
    return str_is(ns, NS_CLIENT) || str_is(ns, NS_SERVER);
}

static enum err read_kind(const struct xml_node *node, enum stanza_kind *out)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_is(node->name, kinds[i]) && is_stanza_ns(node->ns)) {
            *out = (enum stanza_kind)i;
            return ERR_NONE;
        }
    return ERR_UNSUPPORTED;
}

/* Does the attribute name a type of this kind? Its absence does for all but iq. */
static bool read_type(struct stanza *s)
{
    struct str text = xml_get(s->node, STR("type"));

    s->type = kind_types[s->kind].fallback;
    if (text.p == NULL)
        return s->kind != STANZA_IQ;
    for (int t = kind_types[s->kind].first; t <= (int)kind_types[s->kind].last; t++)
        if (text.n > 0 && str_is(text, types[t])) {
            s->type = (enum stanza_type)t;
            return true;
        }
    if (s->kind != STANZA_MESSAGE)
        return false;
    xml_unset(s->node, STR("type")); /* RFC 6121 §5.2.2: normal; and so it reads wherever it goes */
    return true;
}

/* Absence is fine. */
static bool read_address(struct arena *a, const struct xml_node *node, struct str attr,
                         struct jid *out, bool *out_present)
{
    struct str text = xml_get(node, attr);

    *out_present = text.p != NULL && jid_parse(a, text, out) == ERR_NONE;
    return text.p == NULL || *out_present;
}

/* RFC 6120 §8.2.3. The id must be there, and something in it to tell requests apart. */
static bool read_iq(struct stanza *s)
{
    size_t children = xml_count_elements(s->node);

    if (s->id.n == 0)
        return false;
    if (s->type == IQ_ERROR)
        return true;
    if (s->type == IQ_RESULT)
        return children <= 1;
    s->payload = children == 1 ? xml_first_element(s->node) : NULL;
    return s->payload != NULL;
}

enum err stanza_parse(struct arena *a, struct xml_node *node, struct stanza *out,
                      enum stanza_condition *out_why)
{
    struct stanza s = { .node = node };
    enum stanza_condition why = COND_NONE;
    enum err e;

    if ((e = read_kind(node, &s.kind)) != ERR_NONE)
        return e;
    s.id = xml_get(node, STR("id"));
    s.lang = xml_get_ns(node, xml_ns_xml, STR("lang"));
    if (!read_type(&s) || (s.kind == STANZA_IQ && !read_iq(&s)))
        why = COND_BAD_REQUEST;
    if (!read_address(a, node, STR("to"), &s.to, &s.has_to))
        why = COND_JID_MALFORMED;
    if (!read_address(a, node, STR("from"), &s.from, &s.has_from))
        why = COND_JID_MALFORMED;
    *out = s;
    *out_why = why;
    return why == COND_NONE ? ERR_NONE : ERR_MALFORMED;
}

static bool is_error(enum stanza_type type)
{
    return type == MESSAGE_ERROR || type == PRESENCE_ERROR || type == IQ_ERROR;
}

bool stanza_may_be_answered(const struct stanza *s)
{
    return !is_error(s->type) && s->type != IQ_RESULT;
}

static struct xml_node *new_element(struct arena *a, struct str ns, enum stanza_kind kind,
                                    const char *type, struct str from, struct str to, struct str id)
{
    struct xml_node *node = xml_new(a, ns, str_from(kinds[kind]));

    if (from.n > 0)
        xml_set(a, node, STR("from"), from);
    if (to.n > 0)
        xml_set(a, node, STR("to"), to);
    if (id.n > 0)
        xml_set(a, node, STR("id"), id);
    if (type != NULL)
        xml_set(a, node, STR("type"), str_from(type));
    return node;
}

static struct xml_node *answer(struct arena *a, const struct stanza *in, const char *type)
{
    struct str from = in->has_to ? jid_text(a, &in->to) : STR_NONE;
    struct str to = in->has_from ? jid_text(a, &in->from) : STR_NONE;

    return new_element(a, in->node->ns, in->kind, type, from, to, in->id);
}

struct xml_node *stanza_result(struct arena *a, const struct stanza *iq)
{
    assert(iq->type == IQ_GET || iq->type == IQ_SET);
    return answer(a, iq, "result");
}

struct xml_node *stanza_error(struct arena *a, const struct stanza *in, enum stanza_condition why,
                              struct str text)
{
    struct xml_node *node, *error, *sentence;

    assert(!is_error(in->type) && why != COND_NONE);
    node = answer(a, in, "error");
    error = xml_add(a, node, node->ns, STR("error"));
    xml_set(a, error, STR("type"), str_from(conditions[why].type));
    xml_set(a, error, STR("code"), str_from(conditions[why].code));
    xml_add(a, error, STR(NS_STANZA_ERRORS), str_from(conditions[why].name));
    if (text.n > 0) {
        sentence = xml_add_text_child(a, error, STR(NS_STANZA_ERRORS), STR("text"), text);
        xml_set_ns(a, sentence, xml_ns_xml, STR("lang"), STR("en"));
    }
    return node;
}

struct xml_node *stanza_error_child(const struct xml_node *answer)
{
    return xml_child(answer, answer->ns, STR("error"));
}

struct xml_node *stanza_new(struct arena *a, enum stanza_kind kind, const char *type,
                            struct str from, struct str to, struct str id)
{
    return new_element(a, STR(NS_CLIENT), kind, type, from, to, id);
}

const char *stanza_type_text(enum stanza_type type)
{
    return type == MESSAGE_NORMAL || type == PRESENCE_AVAILABLE ? NULL : types[type];
}

const char *stanza_condition_text(enum stanza_condition c)
{
    return c == COND_NONE ? "" : conditions[c].name;
}
