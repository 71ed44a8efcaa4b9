/* stanza_ids.c: Unique and Stable Stanza IDs (XEP-0359): an id by this account can only come from here.
 *
 * What a sender puts in our name is removed (§6), at both homes, so that clients may rely on what is left. The same
 * goes for other elements that only an account's own server may add: carbons, archive results, and what both consist of.
 */
#include "server/modules/modules.h"

/* An address has many spellings, and a client may compare prepared ones. */
static bool names(struct arena *a, struct str text, struct str account)
{
    struct jid j;

    return jid_parse(a, text, &j) == ERR_NONE && str_eq(jid_bare_text(a, &j), account);
}

static bool forged(struct arena *a, const struct xml_node *child, struct str account)
{
    if (xml_is(child, STR(NS_SID), STR("stanza-id")))
        return names(a, xml_get(child, STR("by")), account);
    if (str_eq(child->ns, STR(NS_CARBONS)))
        return !str_eq(child->name, STR("private"));
    /* Both wrap what they copy in <forwarded/> (XEP-0297): a client must not take a stranger's for one of them. */
    return xml_is(child, STR(NS_MAM), STR("result"))
           || xml_is(child, STR(NS_FORWARD), STR("forwarded"));
}

static enum verdict strip(const struct incoming *in, struct outcome *out)
{
    struct xml_node *message = in->stanza->node;
    bool stripped = false;

    if (in->stanza->kind != STANZA_MESSAGE)
        return PASS;
    for (struct xml_node *child = message->first, *next; child != NULL; child = next) {
        next = child->next;
        if (!xml_is_text(child) && forged(outcome_arena(out), child, in->view->bare)) {
            xml_detach(message, child);
            stripped = true;
        }
    }
    /* Of one that was nothing else, not even its id is left. */
    return stripped && xml_first_element(message) == NULL ? DROP : PASS;
}

const struct module stanza_ids_module = {
    .name = "stanza-ids",
    .spec = "XEP-0359 0.7.0",
    .features = LIST(STR_INIT(NS_SID)),
    .account_features = LIST(STR_INIT(NS_SID)),
    .hooks = { [HOOK_OUT] = strip, [HOOK_IN] = strip },
};
