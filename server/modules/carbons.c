/* carbons.c: Message Carbons (XEP-0280): which messages are copied to a person's other devices (§6). */
#include "server/modules/modules.h"
#include "server/modules/receipts.h"

static enum verdict carbons_enable(const struct incoming *in, struct outcome *out)
{
    if (!in->own)
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    outcome_session(out, SESSION_CARBONS, 0);
    return outcome_result(in, out);
}

static enum verdict carbons_disable(const struct incoming *in, struct outcome *out)
{
    if (!in->own)
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    outcome_session(out, 0, SESSION_CARBONS);
    return outcome_result(in, out);
}

/* §6.1: chat, and normal messages with a body or with what people see (an <encrypted/> has none outside, nor has an
 * invitation to a room). Errors, group chat and headlines are never copied. */
static bool eligible(const struct stanza *m)
{
    if (m->type == MESSAGE_CHAT)
        return true;
    if (m->type != MESSAGE_NORMAL)
        return false;
    return xml_child(m->node, STR(NS_CLIENT), STR("body")) != NULL
           || xml_child(m->node, STR(NS_OMEMO_LEGACY), STR("encrypted")) != NULL
           || xml_child(m->node, STR(NS_OMEMO), STR("encrypted")) != NULL
           || xml_child_ns(m->node, STR(NS_RECEIPTS)) != NULL
           || xml_child_ns(m->node, STR(NS_MARKERS)) != NULL || is_invitation(m);
}

/* §6.1: of somebody in a room, who is a full address of the room; the room has sent it to every device that is in there. */
static bool is_of_room(const struct stanza *m)
{
    return !jid_is_bare(&m->from) && !jid_is_bare(&m->to)
           && xml_child(m->node, STR(NS_MUC_USER), STR("x")) != NULL;
}

static enum verdict carbons_mark(const struct incoming *in, struct outcome *out)
{
    struct xml_node *message = in->stanza->node, *private;

    if (in->stanza->kind != STANZA_MESSAGE)
        return PASS;
    private = xml_child(message, STR(NS_CARBONS), STR("private"));
    if (private != NULL || xml_child(message, STR(NS_HINTS), STR("no-copy")) != NULL)
        outcome_note(out, NOTE_PRIVATE);
    if (private != NULL) /* §6.2: it is for the server, not for the recipient */
        xml_detach(message, private);
    if (eligible(in->stanza))
        outcome_note(out, NOTE_CARBON);
    return PASS;
}

/* What comes from another server has passed no hook of a sender's. */
static enum verdict carbons_received(const struct incoming *in, struct outcome *out)
{
    return in->remote != NULL && !is_of_room(in->stanza) ? carbons_mark(in, out) : PASS;
}

const struct module carbons_module = {
    .name = "carbons",
    .spec = "XEP-0280 1.0.1",
    .features = LIST(STR_INIT(NS_CARBONS)),
    .account_features = LIST(STR_INIT(NS_CARBONS)),
    .iqs = IQS({ IQ_SET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_CARBONS), STR_INIT("enable"),
                 carbons_enable },
               { IQ_SET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_CARBONS), STR_INIT("disable"),
                 carbons_disable }),
    .hooks = { [HOOK_OUT] = carbons_mark, [HOOK_IN] = carbons_received },
};
