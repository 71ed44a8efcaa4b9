/* e2ee.c: policy.e2ee = required: the server carries what it cannot read and refuses the rest.
 *
 * A message is judged by a closed list, so that a client's mistake or a new extension cannot leak words. Refused is
 * any readable part of a message that is not encrypted; beside an encrypted payload it is removed. What this does not
 * cover (who writes to whom and when, contact lists, PEP items) is listed in docs/privacy.md.
 */
#include "base/encode.h"
#include "server/modules/modules.h"

enum { THREAD_BYTES = 64, ATTRIBUTE_BYTES = 1023 };

static const struct str refusal =
    STR_INIT("This server carries only end-to-end encrypted messages. Please turn on OMEMO for "
             "this chat and send it again.");
static const struct str encrypted_body =
    STR_INIT("This message is encrypted. Your app cannot show it: it needs OMEMO.");
static const struct str retracted_body =
    STR_INIT("A message was retracted. Your app cannot show that.");

/* ---- What counts as encrypted ------------------------------------------------------------------------ */

static bool is_number(struct str text)
{
    uint64_t value;

    return str_to_u64(text, UINT32_MAX, &value) == ERR_NONE;
}

static bool is_base64(struct arena *a, const struct xml_node *node)
{
    struct str text = str_trim(xml_text_of(a, node));

    return text.n > 0 && base64_valid(text);
}

/* At least one key, and nothing but keys (and, in 0.3, the iv). */
static bool keys_parse(struct arena *a, const struct xml_node *parent, struct str ns, bool iv)
{
    size_t keys = 0;

    for (const struct xml_node *k = xml_first_element(parent); k != NULL; k = xml_next_element(k)) {
        if (iv && xml_is(k, ns, STR("iv")))
            continue;
        if (!xml_is(k, ns, STR("key")) || !is_number(xml_get(k, STR("rid"))) || !is_base64(a, k))
            return false;
        keys++;
    }
    return keys > 0;
}

static bool header_parses(struct arena *a, const struct xml_node *header, struct str ns)
{
    if (!is_number(xml_get(header, STR("sid"))))
        return false;
    if (str_eq(ns, STR(NS_OMEMO_LEGACY)))
        return keys_parse(a, header, ns, true);
    for (const struct xml_node *k = xml_first_element(header); k != NULL; k = xml_next_element(k))
        if (!xml_is(k, ns, STR("keys")) || !keys_parse(a, k, ns, false))
            return false;
    return xml_first_element(header) != NULL;
}

/* <header/> and at most a <payload/>, each of the form that its OMEMO version gives (XEP-0384 §4.4). */
static bool omemo_parses(struct arena *a, const struct xml_node *encrypted)
{
    size_t headers = 0, payloads = 0;

    for (const struct xml_node *c = xml_first_element(encrypted); c != NULL;
         c = xml_next_element(c)) {
        if (xml_is(c, encrypted->ns, STR("header")) && header_parses(a, c, encrypted->ns))
            headers++;
        else if (xml_is(c, encrypted->ns, STR("payload")) && is_base64(a, c))
            payloads++;
        else
            return false;
    }
    return headers == 1 && payloads <= 1;
}

static bool is_encryption(const struct xml_node *child)
{
    return xml_is(child, STR(NS_OMEMO_LEGACY), STR("encrypted"))
           || xml_is(child, STR(NS_OMEMO), STR("encrypted"))
           || xml_is(child, STR(NS_OPENPGP), STR("openpgp"));
}

/* Exactly one encrypted element, and it is what it says. */
static bool is_encrypted(struct arena *a, const struct xml_node *message)
{
    const struct xml_node *found = NULL;

    for (const struct xml_node *c = xml_first_element(message); c != NULL;
         c = xml_next_element(c)) {
        if (!is_encryption(c))
            continue;
        if (found != NULL)
            return false;
        found = c;
    }
    if (found == NULL)
        return false;
    return str_eq(found->ns, STR(NS_OPENPGP)) ? is_base64(a, found) : omemo_parses(a, found);
}

/* ---- What may stay readable --------------------------------------------------------------------------- */

static const struct {
    struct str ns, name;
} allowed[] = {
    /* an empty name: every element of the namespace */
    { STR_INIT(NS_RECEIPTS), STR_INIT("") },
    { STR_INIT(NS_MARKERS), STR_INIT("") },
    { STR_INIT(NS_CHATSTATES), STR_INIT("") },
    { STR_INIT(NS_SID), STR_INIT("") },
    { STR_INIT(NS_HINTS), STR_INIT("") },
    { STR_INIT(NS_CORRECT), STR_INIT("replace") },
    { STR_INIT(NS_REPLY), STR_INIT("reply") },
    { STR_INIT(NS_FALLBACK), STR_INIT("fallback") },
    { STR_INIT(NS_RETRACT), STR_INIT("") },
    { STR_INIT(NS_MODERATE), STR_INIT("") },
    { STR_INIT(NS_ATTACH), STR_INIT("attach-to") },
    { STR_INIT(NS_EME), STR_INIT("encryption") },
    { STR_INIT(NS_EPHEMERAL), STR_INIT("") },
    { STR_INIT(NS_CONFERENCE), STR_INIT("x") },
    { STR_INIT(NS_MUC_USER), STR_INIT("x") },
    { STR_INIT(NS_PUBSUB_EVENT), STR_INIT("event") },
    { STR_INIT(NS_JINGLE_MESSAGE), STR_INIT("") }, /* the call gate judges those */
    { STR_INIT(NS_CARBONS), STR_INIT("private") },
};

static bool is_exempt(const struct settings *s, struct arena *a, const struct xml_node *child)
{
    struct str name = arena_printf(a, "{%.*s}%.*s", STR_ARG(child->ns), STR_ARG(child->name));

    for (size_t i = 0; i < s->e2ee_allow_count; i++)
        if (str_eq(s->e2ee_allow[i], name))
            return true;
    return false;
}

static bool is_allowed(const struct xml_node *child)
{
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (str_eq(child->ns, allowed[i].ns)
            && (allowed[i].name.n == 0 || str_eq(child->name, allowed[i].name)))
            return true;
    return false;
}

/* Words hide in character data and in reasons; what is allowed carries neither. Events of PEP are the server's. */
static void scrub(struct xml_node *node)
{
    xml_unset(node, STR("reason"));
    for (struct xml_node *c = node->first, *next; c != NULL; c = next) {
        next = c->next;
        if (xml_is_text(c) || str_eq(c->name, STR("reason")))
            xml_detach(node, c);
        else
            scrub(c);
    }
}

static bool is_thread(struct arena *a, const struct xml_node *child)
{
    return xml_is(child, STR(NS_CLIENT), STR("thread")) && xml_text_of(a, child).n <= THREAD_BYTES;
}

/* ---- Judgement --------------------------------------------------------------------------------------- */

struct judgement {
    bool encrypted, retracts, body_seen;
    bool body_refused, element_refused;
};

static void replace_body(struct arena *a, struct xml_node *message, struct xml_node *body,
                         struct judgement *j)
{
    if (j->body_seen) { /* one language is enough for a constant */
        xml_detach(message, body);
        return;
    }
    j->body_seen = true;
    body->first = body->last = NULL;
    body->attrs = NULL;
    xml_add_text(a, body, j->encrypted ? encrypted_body : retracted_body);
}

static void judge_child(const struct incoming *in, struct arena *a, struct xml_node *message,
                        struct xml_node *child, struct judgement *j)
{
    if (xml_is_text(child)) {
        xml_detach(message, child);
    } else if (xml_is(child, STR(NS_CLIENT), STR("body"))) {
        if (j->encrypted || j->retracts)
            replace_body(a, message, child, j);
        else
            j->body_refused = true;
    } else if (is_allowed(child)) {
        if (!str_eq(child->ns, STR(NS_PUBSUB_EVENT)))
            scrub(child);
    } else if (!(is_encryption(child) && j->encrypted) && !is_thread(a, child)
               && !is_exempt(in->settings, a, child)) {
        if (j->encrypted)
            xml_detach(message, child);
        else
            j->element_refused = true;
    }
}

static bool is_exempt_address(const struct settings *s, struct arena *a, const struct jid *j)
{
    struct str bare = jid_bare_text(a, j);

    for (size_t i = 0; i < s->e2ee_allow_count; i++)
        if (str_eq(s->e2ee_allow[i], j->domain) || str_eq(s->e2ee_allow[i], bare))
            return true;
    return false;
}

static enum verdict judge(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *message = in->stanza->node;
    struct judgement j = {
        .encrypted = is_encrypted(a, message),
        .retracts = xml_child_ns(message, STR(NS_RETRACT)) != NULL
                    || xml_child_ns(message, STR(NS_MODERATE)) != NULL,
    };

    for (struct xml_node *child = message->first, *next; child != NULL; child = next) {
        next = child->next;
        judge_child(in, a, message, child, &j);
    }
    if (!j.body_refused && !j.element_refused)
        return PASS;
    outcome_count(out, j.body_refused ? REFUSAL_PLAINTEXT : REFUSAL_ELEMENT);
    return outcome_refuse(in, out, COND_POLICY_VIOLATION, refusal);
}

static bool concerns(const struct incoming *in, struct outcome *out)
{
    const struct stanza *m = in->stanza;

    return in->settings->e2ee_required && m->kind == STANZA_MESSAGE && m->type != MESSAGE_ERROR
           && !(m->has_to && is_exempt_address(in->settings, outcome_arena(out), &m->to))
           && !is_exempt_address(in->settings, outcome_arena(out), &m->from);
}

static enum verdict judge_sent(const struct incoming *in, struct outcome *out)
{
    return concerns(in, out) ? judge(in, out) : PASS;
}

/* Our own users' messages were judged when they were sent. */
static enum verdict judge_received(const struct incoming *in, struct outcome *out)
{
    return !settings_serves(in->settings, in->stanza->from.domain) && concerns(in, out)
               ? judge(in, out)
               : PASS;
}

const struct module e2ee_module = {
    .name = "e2ee",
    .spec = "XEP-0384 0.9.1, XEP-0380 0.4.0",
    .hooks = { [HOOK_OUT] = judge_sent, [HOOK_IN] = judge_received },
};
