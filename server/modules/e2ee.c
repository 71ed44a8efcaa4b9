/* e2ee.c: policy.e2ee = required: the server carries what it cannot read and refuses the rest.
 *
 * A message is judged by a closed list, so that a client's mistake or a new extension cannot leak words. Refused is
 * any readable part of a message that is not encrypted; beside an encrypted payload it is removed. What this does not
 * cover (who writes to whom and when, contact lists, PEP items) is listed in docs/privacy.md.
 */
#include "base/encode.h"
#include "server/modules/e2ee_readable.h"
#include "server/modules/modules.h"

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
        if (iv && xml_is(k, ns, STR("iv")) && is_base64(a, k))
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

/* And nothing else: what its specification does not know is taken out. */
static bool is_what_it_says(struct arena *a, struct xml_node *encryption)
{
    bool parses = str_eq(encryption->ns, STR(NS_OPENPGP)) ? is_base64(a, encryption)
                                                          : omemo_parses(a, encryption);

    return parses && e2ee_sealed(a, encryption);
}

/* One encrypted element, or one of each version of OMEMO, as Converse.js writes to people whose devices differ; and each is
 * what it says. */
static bool is_encrypted(struct arena *a, const struct xml_node *message)
{
    const struct xml_node *first = NULL;
    size_t count = 0;

    for (struct xml_node *c = xml_first_element(message); c != NULL; c = xml_next_element(c)) {
        if (!is_encryption(c))
            continue;
        if (!is_what_it_says(a, c)
            || (++count > 1
                && (count > 2 || str_eq(c->ns, first->ns) || str_eq(c->ns, STR(NS_OPENPGP))
                    || str_eq(first->ns, STR(NS_OPENPGP)))))
            return false;
        first = c;
    }
    return count > 0;
}

/* ---- What may stay readable --------------------------------------------------------------------------- */

static bool is_exempt(const struct settings *s, struct arena *a, const struct xml_node *child)
{
    struct str name = arena_printf(a, "{%.*s}%.*s", STR_ARG(child->ns), STR_ARG(child->name));

    for (size_t i = 0; i < s->e2ee_allow_count; i++)
        if (str_eq(s->e2ee_allow[i], name))
            return true;
    return false;
}

/* Calls are judged, and written anew, by their own gate; here they lose words in character data and in reasons. */
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

/* Errors say what is wrong in words of the standard's (RFC 6120 §8.3.2); a text, and what a client copies of the message that it could not
 * take, are words like any other. */
static void scrub_error(struct xml_node *message)
{
    for (struct xml_node *c = message->first, *next; c != NULL; c = next) {
        next = c->next;
        if (!xml_is(c, STR(NS_CLIENT), STR("error"))) {
            xml_detach(message, c);
            continue;
        }
        e2ee_error(c);
        for (struct xml_node *why = c->first, *after; why != NULL; why = after) {
            after = why->next;
            if (xml_is_text(why) || !str_eq(why->ns, STR(NS_STANZA_ERRORS))
                || str_is(why->name, "text"))
                xml_detach(c, why);
            else {
                why->first = why->last = NULL;
                why->attrs = NULL;
            }
        }
    }
}

/* ---- Judgement --------------------------------------------------------------------------------------- */

struct judgement {
    bool events; /* of PEP may come: from a server, never from a client */
    bool encrypted, retracts, body_seen;
    bool body_refused, element_refused;
};

/* Those of PEP are what somebody else's server composed. */
static bool is_event(const struct xml_node *child)
{
    return xml_is(child, STR(NS_PUBSUB_EVENT), STR("event"));
}

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
    } else if (str_eq(child->ns, STR(NS_JINGLE_MESSAGE))) {
        scrub(child);
    } else if (!(is_event(child) && j->events) && !is_exempt(in->settings, a, child)
               && !(is_encryption(child) && j->encrypted) && !e2ee_readable(a, child)) {
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

static enum verdict judge(const struct incoming *in, struct outcome *out, bool events)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *message = in->stanza->node;
    struct judgement j = {
        .events = events,
        .encrypted = is_encrypted(a, message),
        .retracts = xml_child_ns(message, STR(NS_RETRACT)) != NULL
                    || xml_child_ns(message, STR(NS_MODERATE)) != NULL,
    };

    j.element_refused = !e2ee_envelope(message);
    for (struct xml_node *child = message->first, *next; child != NULL; child = next) {
        next = child->next;
        judge_child(in, a, message, child, &j);
    }
    if (!j.body_refused && !j.element_refused)
        return PASS;
    outcome_event(out, EVENT(j.body_refused ? EVENT_PLAINTEXT : EVENT_ELEMENT));
    return outcome_refuse(in, out, COND_POLICY_VIOLATION, refusal);
}

static bool concerns(const struct incoming *in, struct outcome *out)
{
    const struct stanza *m = in->stanza;

    return in->settings->e2ee_required && m->kind == STANZA_MESSAGE
           && !(m->has_to && is_exempt_address(in->settings, outcome_arena(out), &m->to))
           && !is_exempt_address(in->settings, outcome_arena(out), &m->from);
}

static enum verdict judge_any(const struct incoming *in, struct outcome *out, bool events)
{
    if (in->stanza->type != MESSAGE_ERROR)
        return judge(in, out, events);
    scrub_error(in->stanza->node);
    return xml_first_element(in->stanza->node) != NULL ? PASS : DROP;
}

static enum verdict judge_sent(const struct incoming *in, struct outcome *out)
{
    return concerns(in, out) ? judge_any(in, out, false) : PASS;
}

/* Our own users' messages were judged when they were sent, and what the server writes in others' names it has composed. */
static enum verdict judge_received(const struct incoming *in, struct outcome *out)
{
    return in->remote != NULL && concerns(in, out) ? judge_any(in, out, true) : PASS;
}

const struct module e2ee_module = {
    .name = "e2ee",
    .spec = "XEP-0384 0.9.1, XEP-0380 0.4.0",
    .hooks = { [HOOK_OUT] = judge_sent, [HOOK_IN] = judge_received },
};
