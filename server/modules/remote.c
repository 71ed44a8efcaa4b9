/* remote.c: what people of other servers may send: less than our own, for whose addresses this server vouches and who came by
 * invitation (docs/federation.md).
 *
 * The domain is proved (remote_peer.h); which of its accounts speaks is what that server says, and whoever runs it can say all
 * that these rules let through. Strangers there get the answer of an account that does not exist.
 */
#include "server/modules/modules.h"
#include "server/modules/receipts.h"
#include "server/remote_peer.h"

enum { STATUS_BYTES = 1023 };

/* To whom the account shows itself, whose presence it asked for, or to whom it has written. */
static bool is_known(const struct incoming *in)
{
    return view_sees_us(in->view, in->sender) || view_sees_them(in->view, in->sender)
           || was_written_to(in);
}

static enum verdict drop_unasked(struct outcome *out, const char *rule)
{
    outcome_event(out, EVENT(EVENT_UNASKED, .rule = rule));
    return DROP;
}

static void detach_all_but(struct xml_node *node, bool (*keep)(const struct xml_node *child))
{
    for (struct xml_node *c = node->first, *next; c != NULL; c = next) {
        next = c->next;
        if (xml_is_text(c) || !keep(c))
            xml_detach(node, c);
    }
}

/* ---- Messages -------------------------------------------------------------------------------------- */

static bool is_error(const struct xml_node *child)
{
    return xml_is(child, STR(NS_CLIENT), STR("error"));
}

static bool is_condition(const struct xml_node *child)
{
    for (int c = COND_BAD_REQUEST; c <= COND_UNEXPECTED_REQUEST; c++)
        if (xml_is(child, STR(NS_STANZA_ERRORS),
                   str_from(stanza_condition_text((enum stanza_condition)c))))
            return true;
    return false;
}

/* RFC 6120 §8.3.2: its kind is one of five words. */
static void keep_kind(struct arena *a, struct xml_node *error)
{
    static const char *const kinds[] = { "auth", "cancel", "continue", "modify", "wait" };
    struct str kind = xml_get(error, STR("type"));

    error->attrs = NULL;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_is(kind, kinds[i]))
            xml_set(a, error, STR("type"), kind);
}

/* The policy of encryption does not judge errors, so nothing that could be read out of them is left. */
static enum verdict judge_error(const struct incoming *in, struct outcome *out)
{
    struct xml_node *message = in->stanza->node, *error;

    if (!is_known(in))
        return drop_unasked(out, "error");
    detach_all_but(message, is_error);
    error = xml_first_element(message);
    if (error == NULL || xml_next_element(error) != NULL)
        return drop_unasked(out, "error");
    detach_all_but(error, is_condition);
    keep_kind(outcome_arena(out), error);
    for (struct xml_node *c = error->first; c != NULL; c = c->next) {
        c->first = c->last = NULL;
        c->attrs = NULL;
    }
    return PASS;
}

/* Of an account itself, not of one of its devices, and of one node, or nobody could tell who asked for it (XEP-0163 §4.3). Nodes of
 * people whose presence the account does not see say nothing to it (§4.3.2). */
static bool is_event(const struct incoming *in, const struct xml_node *child)
{
    const struct xml_node *what = xml_first_element(child);

    return view_sees_them(in->view, in->sender) && jid_is_bare(&in->stanza->from)
           && str_is(child->name, "event") && what != NULL && xml_next_element(what) == NULL
           && xml_get(what, STR("node")).n > 0;
}

/* All but one that is as it has to be. True: nothing is left of the message. */
static bool strip_events(const struct incoming *in)
{
    struct xml_node *message = in->stanza->node;
    bool kept = false, stripped = false;

    for (struct xml_node *c = message->first, *next; c != NULL; c = next) {
        next = c->next;
        if (xml_is_text(c) || !str_eq(c->ns, STR(NS_PUBSUB_EVENT)))
            continue;
        if (!kept && is_event(in, c)) {
            kept = true;
        } else {
            xml_detach(message, c);
            stripped = true;
        }
    }
    return stripped && xml_first_element(message) == NULL;
}

static enum verdict judge_message(const struct incoming *in, struct outcome *out)
{
    if (in->stanza->type == MESSAGE_ERROR)
        return judge_error(in, out);
    if (in->settings->strangers_gated && !is_known(in)) {
        outcome_event(out, EVENT(EVENT_REMOTE_STRANGER));
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    }
    return strip_events(in) ? drop_unasked(out, "event") : PASS;
}

/* ---- Presence -------------------------------------------------------------------------------------- */

static bool is_token(const struct xml_node *child)
{
    return xml_is(child, STR(NS_PARS), STR("preauth"));
}

static bool is_of_presence(const struct xml_node *child)
{
    static const char *const own[] = { "show", "status", "priority" };

    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (xml_is(child, STR(NS_CLIENT), str_from(own[i])))
            return true;
    return xml_is(child, STR(NS_CAPS), STR("c")) || xml_is(child, STR(NS_VCARD_UPDATE), STR("x"));
}

static void shorten_status(struct arena *a, struct xml_node *presence)
{
    struct xml_node *status = xml_child(presence, STR(NS_CLIENT), STR("status"));

    if (status != NULL && xml_text_of(a, status).n > STATUS_BYTES)
        xml_detach(presence, status);
}

static enum verdict judge_presence(const struct incoming *in, struct outcome *out)
{
    struct xml_node *presence = in->stanza->node;

    if (stanza_is_subscription(in->stanza)) {
        detach_all_but(presence, is_token);
        return PASS;
    }
    if (in->stanza->type == PRESENCE_PROBE)
        return PASS;
    if (in->stanza->type == PRESENCE_ERROR
        || (!view_sees_them(in->view, in->sender) && !incoming_shown_directly(in)))
        return drop_unasked(out, "presence");
    detach_all_but(presence, is_of_presence);
    shorten_status(outcome_arena(out), presence);
    return PASS;
}

/* ---- Requests -------------------------------------------------------------------------------------- */

/* To a device: what clients answer by themselves, and what is no order to them. Calls have their own gate. */
static bool may_reach_device(const struct xml_node *payload)
{
    static const char *const namespaces[] = { NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION,
                                              NS_TIME };

    for (size_t i = 0; i < COUNT_OF(namespaces); i++)
        if (str_eq(payload->ns, str_from(namespaces[i])))
            return true;
    return false;
}

static enum verdict judge_iq(const struct incoming *in, struct outcome *out)
{
    const struct stanza *s = in->stanza;

    if (s->payload == NULL || jid_is_bare(&s->to)
        || (s->type == IQ_GET && may_reach_device(s->payload)))
        return PASS;
    outcome_event(out, EVENT(EVENT_REMOTE_REQUEST));
    return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
}

static enum verdict remote_in(const struct incoming *in, struct outcome *out)
{
    if (in->remote == NULL)
        return PASS;
    switch (in->stanza->kind) {
    case STANZA_MESSAGE: return judge_message(in, out);
    case STANZA_PRESENCE: return judge_presence(in, out);
    case STANZA_IQ: return judge_iq(in, out);
    }
    return PASS;
}

const struct module remote_module = {
    .name = "remote",
    .spec = "RFC 6120 8.1.2.2, RFC 6121 8",
    .hooks = { [HOOK_IN] = remote_in },
};
