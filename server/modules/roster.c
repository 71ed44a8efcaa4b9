/* roster.c: the contact list (RFC 6121 §2) with versioning (§2.6). */
#include "server/modules/roster_items.h"

#include "server/limits.h"
#include "server/modules/modules.h"

/* ---- Reading --------------------------------------------------------------------------------------- */

static bool shown(const struct roster_item *item)
{
    return item->listed || item->subscription != SUB_NONE || item->ask;
}

static enum verdict roster_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct str known = xml_get(in->stanza->payload, STR("ver"));
    struct str version = arena_printf(a, "%llu", (unsigned long long)in->view->roster_version);
    struct xml_node *result, *query;
    struct roster_item item;
    struct map_slot slot;

    if (!in->own)
        return outcome_refuse(in, out, COND_FORBIDDEN,
                              STR("This is somebody else's contact list."));
    result = stanza_result(a, in->stanza);
    outcome_session(out, SESSION_ROSTER, 0);
    outcome_reply(out, result);
    if (known.p != NULL && str_eq(known, version))
        return HANDLED; /* nothing has changed: RFC 6121 §2.6.3 */
    query = xml_add(a, result, STR(NS_ROSTER), STR("query"));
    xml_set(a, query, STR("ver"), version);
    for (size_t at = 0; map_next(&in->view->roster, &at, &slot);) {
        if (!shown(slot.value))
            continue;
        item = roster_item_copy(a, slot.value); /* the view's may change before the answer leaves */
        roster_item_write(a, query, &item);
    }
    return HANDLED;
}

/* ---- Changing -------------------------------------------------------------------------------------- */

/* Each group once and within the caps. Says what is wrong otherwise: RFC 6121 §2.3.3. */
static enum stanza_condition read_groups(const struct incoming *in, struct arena *a,
                                         const struct xml_node *item, struct roster_item *out)
{
    struct str *groups = arena_alloc(a, (in->settings->roster_groups + 1) * sizeof *groups);

    out->groups = groups;
    out->group_count = 0;
    for (const struct xml_node *g = xml_first_element(item); g != NULL; g = xml_next_element(g)) {
        struct str text = xml_text_of(a, g);
        bool repeated = false;

        if (!xml_is(g, STR(NS_ROSTER), STR("group")))
            continue;
        if (text.n == 0 || text.n > GROUP_BYTES || out->group_count == in->settings->roster_groups)
            return COND_NOT_ACCEPTABLE;
        for (size_t i = 0; i < out->group_count; i++)
            repeated |= str_eq(groups[i], text);
        if (repeated)
            return COND_BAD_REQUEST;
        groups[out->group_count++] = text;
    }
    return COND_NONE;
}

static enum verdict roster_remove(const struct incoming *in, struct outcome *out, struct str jid)
{
    struct arena *a = outcome_arena(out);
    const struct roster_item *item = view_contact(in->view, jid);
    struct roster_item gone = { .jid = jid, .version = roster_next_version(in) };

    if (item == NULL || !shown(item))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR("That is no contact of yours."));
    /* RFC 6121 §2.5.1: removal ends both subscriptions. */
    if (item->subscription == SUB_TO || item->subscription == SUB_BOTH || item->ask)
        outcome_route(out,
                      stanza_new(a, STANZA_PRESENCE, "unsubscribe", in->view->bare, jid, STR_NONE));
    if (item->subscription == SUB_FROM || item->subscription == SUB_BOTH || item->pending_in) {
        outcome_route(
            out, stanza_new(a, STANZA_PRESENCE, "unsubscribed", in->view->bare, jid, STR_NONE));
        outcome_announce(out, jid, false);
    }
    outcome_write(out, ROW_ROSTER_GONE)->roster = gone;
    roster_push_gone(out, &gone);
    return outcome_result(in, out);
}

static enum verdict roster_put(const struct incoming *in, struct outcome *out,
                               const struct xml_node *node, struct str jid)
{
    struct arena *a = outcome_arena(out);
    const struct roster_item *old = view_contact(in->view, jid);
    struct roster_item item = old ? *old : (struct roster_item){ .jid = jid };
    enum stanza_condition wrong;

    if (old == NULL && roster_is_full(in))
        return outcome_full(in, out, "roster", STR("Your contact list is full."));
    item.name = xml_get(node, STR("name"));
    wrong = item.name.n > NAME_BYTES ? COND_NOT_ACCEPTABLE : read_groups(in, a, node, &item);
    if (wrong != COND_NONE)
        return outcome_refuse(in, out, wrong,
                              STR("A name or group is too long, empty or there twice."));
    item.jid = jid;
    item.listed = true;
    item.version = roster_next_version(in);
    outcome_write(out, ROW_ROSTER)->roster = roster_item_copy(a, &item);
    roster_push(out, &item);
    return outcome_result(in, out);
}

static enum verdict roster_set(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    const struct xml_node *query = in->stanza->payload, *node = xml_first_element(query);
    struct jid j;

    if (!in->own)
        return outcome_refuse(in, out, COND_FORBIDDEN,
                              STR("This is somebody else's contact list."));
    if (node == NULL || xml_next_element(node) != NULL
        || !xml_is(node, STR(NS_ROSTER), STR("item")))
        return outcome_refuse(in, out, COND_BAD_REQUEST,
                              STR("A change names exactly one contact."));
    if (jid_parse(a, xml_get(node, STR("jid")), &j) != ERR_NONE)
        return outcome_refuse(in, out, COND_JID_MALFORMED, STR("That is no valid address."));
    if (str_eq(jid_bare_text(a, &j), in->view->bare))
        return outcome_refuse(in, out, COND_NOT_ALLOWED, STR("You cannot be your own contact."));
    if (str_is(xml_get(node, STR("subscription")), "remove"))
        return roster_remove(in, out, jid_bare_text(a, &j));
    return roster_put(in, out, node, jid_bare_text(a, &j));
}

const struct module roster_module = {
    .name = "roster",
    .spec = "RFC 6121 2",
    .iqs = IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_ROSTER), STR_INIT("query"), roster_get },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_ROSTER), STR_INIT("query"), roster_set }),
};
