/* roster_items.c: contacts to XML. */
#include "server/modules/roster_items.h"

#include "server/limits.h"

static struct str subscription_text(enum subscription s)
{
    switch (s) {
    case SUB_NONE: return STR("none");
    case SUB_TO: return STR("to");
    case SUB_FROM: return STR("from");
    case SUB_BOTH: return STR("both");
    }
    return STR("none");
}

void roster_item_write(struct arena *a, struct xml_node *query, const struct roster_item *item)
{
    struct xml_node *node = xml_add(a, query, STR(NS_ROSTER), STR("item"));

    xml_set(a, node, STR("jid"), item->jid);
    if (item->name.n > 0)
        xml_set(a, node, STR("name"), item->name);
    xml_set(a, node, STR("subscription"), subscription_text(item->subscription));
    if (item->ask)
        xml_set(a, node, STR("ask"), STR("subscribe"));
    if (item->approved)
        xml_set(a, node, STR("approved"), STR("true"));
    for (size_t i = 0; i < item->group_count; i++)
        xml_add_text_child(a, node, STR(NS_ROSTER), STR("group"), item->groups[i]);
}

struct roster_item roster_item_copy(struct arena *a, const struct roster_item *item)
{
    struct roster_item copy = *item;
    struct str *groups = arena_alloc(a, item->group_count * sizeof *groups);

    copy.jid = arena_str(a, item->jid);
    copy.name = arena_str(a, item->name);
    copy.request = arena_str(a, item->request);
    for (size_t i = 0; i < item->group_count; i++)
        groups[i] = arena_str(a, item->groups[i]);
    copy.groups = groups;
    return copy;
}

static struct xml_node *push_new(struct outcome *out, uint64_t version)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *iq = stanza_new(a, STANZA_IQ, "set", STR_NONE, STR_NONE, STR_NONE);
    struct xml_node *query = xml_add(a, iq, STR(NS_ROSTER), STR("query"));

    xml_set(a, query, STR("ver"), arena_printf(a, "%llu", (unsigned long long)version));
    outcome_push(out, iq, SESSION_ROSTER);
    return query;
}

/* What the push says is copied: the view's item is replaced before the push is sent. */
void roster_push(struct outcome *out, const struct roster_item *item)
{
    struct roster_item copy = roster_item_copy(outcome_arena(out), item);

    roster_item_write(outcome_arena(out), push_new(out, item->version), &copy);
}

void roster_push_gone(struct outcome *out, const struct roster_item *item)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *node = xml_add(a, push_new(out, item->version), STR(NS_ROSTER), STR("item"));

    xml_set(a, node, STR("jid"), item->jid);
    xml_set(a, node, STR("subscription"), STR("remove"));
}

static size_t waiting(const struct view *v)
{
    struct map_slot slot;
    size_t n = 0;

    for (size_t at = 0; map_next(&v->roster, &at, &slot);)
        n += !((const struct roster_item *)slot.value)->listed;
    return n;
}

uint64_t roster_next_version(const struct incoming *in)
{
    uint64_t next = in->view->roster_version + 1;

    return in->now_ms > next ? in->now_ms : next;
}

bool roster_is_full(const struct incoming *in)
{
    return in->view->roster.n - waiting(in->view) >= in->settings->roster_items;
}

bool roster_requests_full(const struct incoming *in)
{
    return waiting(in->view) >= REQUESTS_WAITING;
}
