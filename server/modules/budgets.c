/* budgets.c: what an account asks of people who do not know it is counted (XEP-0384 §5.3 asks for their keys, RFC 6121
 * §3.1 for their presence, §8.5.1 tells of a message that there is nobody): a list of everybody's devices, or somebody without one-time keys, is worth asking a million
 * times. Too fast is told so; it comes through later.
 */
#include "server/modules/modules.h"
#include "server/modules/pep_keys.h"

static enum verdict too_many(const struct incoming *in, struct outcome *out,
                             enum event_reason reason, struct str text)
{
    struct xml_node *answer =
        stanza_error(outcome_arena(out), in->stanza, COND_POLICY_VIOLATION, text);

    /* RFC 6120 §8.3.3.12 leaves the choice: here it is "later". */
    xml_set(outcome_arena(out), stanza_error_child(answer), STR("type"), STR("wait"));
    outcome_reply(out, answer);
    outcome_event(out, EVENT(reason));
    return HANDLED;
}

static bool knows(const struct incoming *in, struct str other)
{
    return str_eq(other, in->view->bare) || view_sees_us(in->view, other)
           || view_sees_them(in->view, other);
}

/* The node that a stanza asks items of, if it is one of somebody's device keys. */
static enum key_node asked_keys(const struct stanza *s)
{
    const struct xml_node *items;

    if (s->kind != STANZA_IQ || s->type != IQ_GET || !s->has_to || s->to.local.n == 0
        || !jid_is_bare(&s->to) || !xml_is(s->payload, STR(NS_PUBSUB), STR("pubsub")))
        return KEY_NODE_NONE;
    items = xml_child(s->payload, STR(NS_PUBSUB), STR("items"));
    return items ? key_node(xml_get(items, STR("node"))) : KEY_NODE_NONE;
}

static enum verdict spend(const struct incoming *in, struct outcome *out)
{
    const struct stanza *s = in->stanza;
    enum key_node keys = asked_keys(s);
    bool subscribes = s->kind == STANZA_PRESENCE && s->type == PRESENCE_SUBSCRIBE && s->has_to;
    struct str other;

    if (s->kind == STANZA_MESSAGE && !in->leaves && !outcome_may_be_told(out))
        outcome_note(out, NOTE_UNTOLD);
    if (keys == KEY_NODE_NONE && !subscribes)
        return PASS;
    other = jid_bare_text(outcome_arena(out), &s->to);
    if (knows(in, other))
        return PASS;
    if (subscribes && !outcome_may_subscribe(out))
        return too_many(
            in, out, EVENT_SUBSCRIPTIONS,
            STR("You have asked many people to be your contacts. Please wait an hour."));
    if (keys != KEY_NODE_NONE && !outcome_may_fetch(out, other, keys == KEY_NODE_BUNDLE))
        return too_many(
            in, out, EVENT_KEYS,
            STR("You have asked for the keys of many people. Please try again tomorrow."));
    return PASS;
}

const struct module budgets_module = {
    .name = "budgets",
    .spec = "XEP-0384 0.9.1 5.3",
    .hooks = { [HOOK_OUT] = spend },
};
