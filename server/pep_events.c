/* pep_events.c: fan-out of PEP events, now and to clients that have just come online. */
#include "server/pep_events.h"

#include "server/caps.h"
#include "server/router.h"
#include "server/stored.h"

static bool in_groups(const struct roster_item *item, struct str groups)
{
    while (groups.p != NULL && groups.n > 0) {
        struct str group = str_split(&groups, '\n');

        for (size_t i = 0; i < item->group_count; i++)
            if (str_eq(item->groups[i], group))
                return true;
    }
    return false;
}

bool pep_may_hear(const struct view *v, const struct pep_config *c, struct str bare)
{
    if (str_eq(v->bare, bare))
        return true;
    if (!view_shows(v, bare))
        return false;
    switch (c->access) {
    case PEP_OPEN:
    case PEP_PRESENCE: return true;
    case PEP_ROSTER: return in_groups(view_contact(v, bare), c->groups);
    case PEP_WHITELIST:
    case PEP_AUTHORIZE: return false;
    }
    return false;
}

struct xml_node *pep_event(struct arena *a, struct str from, struct str to, struct str node,
                           struct xml_node **out_items)
{
    struct xml_node *m = stanza_new(a, STANZA_MESSAGE, "headline", from, to, STR_NONE);
    struct xml_node *event = xml_add(a, m, STR(NS_PUBSUB_EVENT), STR("event"));

    *out_items = xml_add(a, event, STR(NS_PUBSUB_EVENT), STR("items"));
    xml_set(a, *out_items, STR("node"), node);
    return m;
}

void pep_event_item(struct arena *a, struct xml_node *items, const struct pep_item *item,
                    bool payload)
{
    struct xml_node *node = xml_add(a, items, STR(NS_PUBSUB_EVENT), STR("item"));
    struct xml_node *content = payload ? stored_element(a, item->payload) : NULL;

    xml_set(a, node, STR("id"), item->id);
    if (content != NULL)
        xml_append(node, content);
}

void pep_notify(struct account *a, const struct pep_node *node, struct xml_node *event)
{
    struct arena scratch = { 0 };
    struct map_slot slot;
    struct blob *b;

    xml_set(&scratch, event, STR("from"), a->bare);
    xml_set(&scratch, event, STR("to"), a->bare);
    b = stanza_blob(event);
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (caps_wants(s, node->name))
            session_defer(s, b, NULL);
    }
    blob_unref(b);
    for (size_t at = 0; map_next(&a->view.roster, &at, &slot);) {
        if (!pep_may_hear(&a->view, &node->config, slot.key))
            continue;
        xml_set(&scratch, event, STR("to"), slot.key);
        router_emit(a->home, event, node->name);
    }
    arena_deinit(&scratch);
}

/* ---- Newest items for a client that has just come --------------------------------------------------- */

/* To the home of an account of ours, if it is one. */
static void send_request(struct home *h, struct routed *r, struct str to)
{
    unsigned home;

    if (jid_parse(&r->arena, to, &r->stanza.to) != ERR_NONE
        || !settings_serves(h->settings, r->stanza.to.domain) || r->stanza.to.local.n == 0) {
        routed_free(r);
        return;
    }
    home = home_of(h, &r->stanza.to);
    if (home == h->number)
        router_receive(h, r);
    else
        h->host->ops->post(h->host->ctx, home, &r->link);
}

static void ask_account(struct session *s, struct str bare)
{
    struct routed *r = routed_new();
    struct str *interests = arena_alloc(&r->arena, s->caps->count * sizeof *interests);

    for (size_t i = 0; i < s->caps->count; i++)
        interests[i] = arena_str(&r->arena, s->caps->nodes[i]);
    r->stage = ROUTED_ASKING;
    r->interests = interests;
    r->interest_count = s->caps->count;
    r->stanza.from = jid_copy(&r->arena, &s->jid);
    r->sender = jid_bare_text(&r->arena, &r->stanza.from);
    send_request(s->home, r, bare);
}

void pep_ask(struct session *s)
{
    struct account *a = s->account;
    struct map_slot slot;

    if (s->caps == NULL || s->caps->count == 0 || a == NULL)
        return;
    ask_account(s, a->bare);
    for (size_t at = 0; map_next(&a->view.roster, &at, &slot);)
        if (view_watches(&a->view, slot.key))
            ask_account(s, slot.key);
}

/* Of somebody who was not heard until now, while he may have published. */
void pep_ask_of(struct account *a, struct str bare)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if ((s->flags & SESSION_AVAILABLE) && s->caps != NULL && s->caps->count > 0)
            ask_account(s, bare);
    }
}

void pep_offer(struct account *a, struct str jid)
{
    struct routed *r = routed_new();

    r->stage = ROUTED_OFFERING;
    r->stanza.from = jid_copy(&r->arena, &a->jid);
    r->sender = arena_str(&r->arena, a->bare);
    send_request(a->home, r, jid);
}

void pep_offered(struct account *a, const struct routed *offer)
{
    if (a->view.account != 0 && view_watches(&a->view, offer->sender))
        pep_ask_of(a, offer->sender);
}

struct newest {
    struct store_query query;
    struct account *account;
    struct arena arena;
    struct str to, node;
    bool payload;
};

static void newest_found(struct store_op *op)
{
    struct newest *n = CONTAINER_OF(op, struct newest, query.op);
    struct xml_node *items, *event;

    if (op->result == ERR_NONE && n->query.out.pep.count > 0) {
        event = pep_event(&n->arena, n->account->bare, n->to, n->node, &items);
        pep_event_item(&n->arena, items, &n->query.out.pep.items[0], n->payload);
        router_emit(n->account->home, event, n->node);
    }
    account_unpin(n->account);
    arena_deinit(&op->arena);
    arena_deinit(&n->arena);
    mem_free(n);
}

static void send_newest(struct account *a, const struct pep_node *node, const struct jid *to)
{
    struct newest *n = mem_alloc(sizeof *n);

    n->account = a;
    n->to = jid_text(&n->arena, to);
    n->node = arena_str(&n->arena, node->name);
    n->payload = node->config.deliver_payloads;
    n->query.kind = QUERY_PEP_ITEMS;
    n->query.in.pep.account = a->view.account;
    n->query.in.pep.node = n->node;
    n->query.in.pep.max = 1;
    n->query.op.home = a->home->number;
    n->query.op.done = newest_found;
    a->pins++;
    store_query(a->home->store, &n->query);
}

void pep_send_newest(struct account *a, struct routed *ask)
{
    if (a->view.account == 0 || view_blocks(&a->view, &ask->stanza.from))
        return;
    for (size_t i = 0; i < ask->interest_count; i++) {
        const struct pep_node *node = map_get(&a->view.pep_nodes, ask->interests[i]);

        if (node != NULL && node->config.send_last == PEP_LAST_ON_PRESENCE
            && pep_may_hear(&a->view, &node->config, ask->sender))
            send_newest(a, node, &ask->stanza.from);
    }
}
