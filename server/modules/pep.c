/* pep.c: Personal Eventing (XEP-0163) on every account: publish, retrieve, retract (XEP-0060 §6.5, §7). Node
 * management is in pep_owner.c, who hears of events in pep_events.c.
 */
#include "base/encode.h"
#include "crypto/hash.h"
#include "server/modules/modules.h"
#include "server/modules/pep_answers.h"
#include "server/modules/pep_config.h"
#include "server/modules/pep_keys.h"
#include "server/modules/pep_owner.h"
#include "server/modules/pep_write.h"
#include "server/modules/receipts.h"
#include "server/pep_events.h"
#include "server/stored.h"
#include "xmpp/rsm.h"

enum {
    ITEM_IDS_MAX = 100,         /* named in one request */
    ANSWER_BYTES = 1024 * 1024, /* payloads in one answer */
};

/* An id for an item that came without one (XEP-0060 §7.1.2): the same publication gets the same id. */
static struct str make_item_id(const struct incoming *in, struct arena *a, struct str node,
                               struct str payload)
{
    uint8_t digest[HASH_SIZE_MAX];

    hash_digest(
        HASH_SHA256,
        bytes_of_str(arena_printf(a, "%lld %llu %.*s %.*s", (long long)in->view->account,
                                  (unsigned long long)in->now_ms, STR_ARG(node), STR_ARG(payload))),
        digest);
    return base32_text(a, bytes_of(digest, 15));
}

/* ---- Publish --------------------------------------------------------------------------------------- */

/* The node as it is, or as it is made by this publication; NULL after an answer. */
static struct pep_node *node_for(const struct incoming *in, struct outcome *out, struct str name,
                                 const struct xml_node *options)
{
    struct arena *a = outcome_arena(out);
    const struct pep_node *known = map_get(&in->view->pep_nodes, name);
    struct pep_node *node = ARENA_NEW(a, struct pep_node);

    if (options != NULL && !pep_config_understood(a, options)) {
        pep_refuse(in, out, COND_CONFLICT, "precondition-not-met",
                   STR("One of the options is not known here."));
        return NULL;
    }
    if (known != NULL) {
        if (options != NULL && !pep_config_meets(a, options, &known->config)) {
            pep_refuse(in, out, COND_CONFLICT, "precondition-not-met",
                       STR("The node is configured differently."));
            return NULL;
        }
        *node = pep_node_copy(a, known);
        return node;
    }
    if (!pep_has_room(in, 1)) {
        outcome_full(in, out, "nodes", STR("You have too many nodes."));
        return NULL;
    }
    node->name = name;
    node->config = pep_config_default();
    if (pep_config_read(a, options, &node->config) != ERR_NONE) {
        pep_refuse(in, out, COND_CONFLICT, "precondition-not-met",
                   STR("The node cannot be configured so."));
        return NULL;
    }
    outcome_write(out, ROW_PEP_NODE)->pep_node = *node;
    return node;
}

/* False after an answer. */
static bool read_item(const struct incoming *in, struct outcome *out, struct str node,
                      const struct xml_node *element, struct pep_item *item)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *payload = xml_first_element(element);

    *item =
        (struct pep_item){ .node = node, .id = xml_get(element, STR("id")), .at_ms = in->now_ms };
    item->payload = payload ? element_text(a, payload) : STR("");
    item->publisher = jid_text(a, &in->stanza->from);
    if (payload != NULL && xml_next_element(payload) != NULL) {
        pep_refuse(in, out, COND_BAD_REQUEST, "invalid-payload", STR("An item holds one element."));
        return false;
    }
    if (item->payload.n > in->settings->pep_item_bytes || item->id.n > JID_PART_MAX) {
        pep_refuse(in, out, COND_NOT_ACCEPTABLE, "payload-too-big", STR("The item is too big."));
        return false;
    }
    if (item->id.n == 0)
        item->id = make_item_id(in, a, node, item->payload);
    return true;
}

static enum verdict publish_item(const struct incoming *in, struct outcome *out,
                                 struct pep_node *node, const struct pep_item *item)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result, *published;

    pep_put_item(in, out, node, item);
    result = stanza_result(a, in->stanza);
    published = xml_add(a, xml_add(a, result, STR(NS_PUBSUB), STR("pubsub")), STR(NS_PUBSUB),
                        STR("publish"));
    xml_set(a, published, STR("node"), node->name);
    xml_set(a, xml_add(a, published, STR(NS_PUBSUB), STR("item")), STR("id"), item->id);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict publish(const struct incoming *in, struct outcome *out,
                            const struct xml_node *publish_node)
{
    const struct xml_node *element = xml_first_element(publish_node);
    const struct xml_node *options =
        xml_child(in->stanza->payload, STR(NS_PUBSUB), STR("publish-options"));
    struct str name = xml_get(publish_node, STR("node"));
    struct pep_node *node;
    struct pep_item item;

    if (name.n == 0 || name.n > JID_PART_MAX)
        return pep_refuse(in, out, COND_BAD_REQUEST, "nodeid-required",
                          STR("The node has no name."));
    if (element == NULL || !xml_is(element, STR(NS_PUBSUB), STR("item")))
        return pep_refuse(in, out, COND_BAD_REQUEST, "item-required", STR("There is no item."));
    if (xml_next_element(element) != NULL)
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("One item at a time."));
    if (!read_item(in, out, name, element, &item)) /* before it makes a node */
        return HANDLED;
    node = node_for(in, out, name, options);
    return node ? publish_item(in, out, node, &item) : HANDLED;
}

/* ---- Retract --------------------------------------------------------------------------------------- */

/* §7.2.2.1: the request's `notify` asks, the node's configuration decides otherwise. */
static bool wants_notice(const struct pep_config *c, const struct xml_node *element)
{
    struct str notify = xml_get(element, STR("notify"));

    return c->notify_retract || str_is(notify, "true") || str_is(notify, "1");
}

static bool are_named(const struct xml_node *element)
{
    size_t n = 0;

    for (const struct xml_node *i = xml_first_element(element); i != NULL; i = xml_next_element(i))
        if (!xml_is(i, STR(NS_PUBSUB), STR("item")) || xml_get(i, STR("id")).n == 0
            || ++n > ITEM_IDS_MAX)
            return false;
    return n > 0;
}

static void retract_item(const struct incoming *in, struct outcome *out, struct str node,
                         struct str id)
{
    struct row *row = outcome_write(out, ROW_PEP_ITEM_GONE);

    row->pep_item.item.node = node;
    row->pep_item.item.id = id;
    pep_changed(in, out, (struct pep_change){ .node = node, .retracted = id });
}

static enum verdict retract(const struct incoming *in, struct outcome *out,
                            const struct xml_node *element)
{
    struct arena *a = outcome_arena(out);
    const struct pep_node *known = map_get(&in->view->pep_nodes, xml_get(element, STR("node")));
    struct xml_node *items, *event;
    struct pep_node node;

    if (known == NULL)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR("There is no such node."));
    if (!are_named(element))
        return pep_refuse(in, out, COND_BAD_REQUEST, "item-required",
                          STR("Some items are to be named, a hundred at most."));
    node = pep_node_copy(a, known);
    event = pep_event(a, STR_NONE, STR_NONE, node.name, &items);
    for (const struct xml_node *i = xml_first_element(element); i != NULL;
         i = xml_next_element(i)) {
        struct str id = xml_get(i, STR("id"));

        retract_item(in, out, node.name, id);
        xml_set(a, xml_add(a, items, STR(NS_PUBSUB_EVENT), STR("retract")), STR("id"), id);
    }
    if (wants_notice(&node.config, element))
        outcome_notify(out, &node, event);
    return outcome_result(in, out);
}

/* ---- Retrieve -------------------------------------------------------------------------------------- */

static bool may_read(const struct incoming *in, const struct pep_config *c)
{
    return c->access == PEP_OPEN || pep_may_hear(in->view, c, in->sender);
}

/* Whoever asks for a page learns where it stands, and so does who asks for all and does not get it: XEP-0060 §6.5.4. */
static void tell_page(const struct incoming *in, struct arena *a, const struct store_query *done,
                      struct xml_node *pubsub)
{
    const struct pep_item *items = done->out.pep.items;
    size_t n = done->out.pep.count;
    struct rsm_answer page = { .has_count = true, .count = done->out.pep.total };

    if (xml_child(in->stanza->payload, STR(NS_RSM), STR("set")) == NULL
        && (done->in.pep.id_count > 0 || n >= done->out.pep.total || n == done->in.pep.max))
        return;
    if (n > 0) {
        page.first = items[n - 1].id;
        page.last = items[0].id;
        page.has_index = true;
        page.index = done->out.pep.older;
    }
    rsm_write(a, pubsub, &page);
}

/* XEP-0060 §6.5.9 has a condition for each access model. */
static enum verdict refuse_reader(const struct incoming *in, struct outcome *out,
                                  enum pep_access access)
{
    if (access == PEP_WHITELIST)
        return pep_refuse(in, out, COND_NOT_ALLOWED, "closed-node", STR_NONE);
    return pep_refuse(
        in, out, COND_NOT_AUTHORIZED,
        access == PEP_ROSTER ? "not-in-roster-group" : "presence-subscription-required", STR_NONE);
}

static enum verdict items_found(const struct incoming *in, const struct store_query *done,
                                struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result, *pubsub, *items;

    if (done->op.result == ERR_MISSING)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    if (done->op.result == ERR_TOO_BIG)
        return outcome_refuse(in, out, COND_POLICY_VIOLATION,
                              STR("These are too many items for one answer."));
    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The items could not be read."));
    result = stanza_result(a, in->stanza);
    pubsub = xml_add(a, result, STR(NS_PUBSUB), STR("pubsub"));
    items = xml_add(a, pubsub, STR(NS_PUBSUB), STR("items"));
    xml_set(a, items, STR("node"), done->in.pep.node);
    for (size_t i = done->out.pep.count; i > 0; i--) { /* stored newest first, told oldest first */
        const struct pep_item *item = &done->out.pep.items[i - 1];
        struct xml_node *node = xml_add(a, items, STR(NS_PUBSUB), STR("item"));
        struct xml_node *payload = stored_element(a, item->payload);

        xml_set(a, node, STR("id"), item->id);
        if (payload != NULL)
            xml_append(node, payload);
    }
    tell_page(in, a, done, pubsub);
    outcome_reply(out, result);
    return HANDLED;
}

static enum stanza_condition read_named(struct arena *a, const struct xml_node *element,
                                        struct store_query *q)
{
    struct str *ids = arena_alloc(a, ITEM_IDS_MAX * sizeof *ids);

    q->in.pep.ids = ids;
    for (const struct xml_node *i = xml_first_element(element); i != NULL;
         i = xml_next_element(i)) {
        if (!xml_is(i, STR(NS_PUBSUB), STR("item")))
            continue;
        if (q->in.pep.id_count == ITEM_IDS_MAX)
            return COND_POLICY_VIOLATION;
        ids[q->in.pep.id_count++] = xml_get(i, STR("id"));
    }
    return COND_NONE;
}

static enum stanza_condition read_page(struct arena *a, const struct xml_node *pubsub,
                                       struct store_query *q)
{
    struct rsm page;

    if (rsm_read(a, pubsub, &page) != ERR_NONE)
        return COND_BAD_REQUEST;
    if (page.has_index)
        return COND_FEATURE_NOT_IMPLEMENTED;
    if (!page.present)
        return COND_NONE;
    if (page.has_max && page.max < q->in.pep.max)
        q->in.pep.max = (uint32_t)page.max;
    q->in.pep.only_count = page.has_max && page.max == 0;
    q->in.pep.after = page.after;
    q->in.pep.before = page.before;
    q->in.pep.oldest = !page.has_before;
    return COND_NONE;
}

static enum verdict retrieve(const struct incoming *in, struct outcome *out,
                             const struct xml_node *element)
{
    struct arena *a = outcome_arena(out);
    const struct pep_node *node = map_get(&in->view->pep_nodes, xml_get(element, STR("node")));
    enum stanza_condition wrong;
    struct store_query *q;
    uint64_t most, max;

    if (node == NULL)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    if (!may_read(in, &node->config))
        return refuse_reader(in, out, node->config.access);
    /* A node may keep more than it shows until it is written again (XEP-0060 §8.2: max_items lowered). */
    most = in->settings->pep_items_per_node;
    if (node->config.max_items < most && node->config.max_items > 0)
        most = node->config.max_items;
    if (str_to_u64(xml_get(element, STR("max_items")), most, &max) != ERR_NONE || max == 0)
        max = most;
    q = outcome_query(out, QUERY_PEP_ITEMS, items_found);
    q->in.pep.account = in->view->account;
    q->in.pep.node = arena_str(a, node->name);
    q->in.pep.max = (uint32_t)max;
    q->in.pep.shown = (uint32_t)most;
    q->in.pep.max_bytes = ANSWER_BYTES;
    if ((wrong = read_named(a, element, q)) != COND_NONE
        || (wrong = read_page(a, in->stanza->payload, q)) != COND_NONE)
        return outcome_refuse(in, out, wrong, STR_NONE);
    return WAIT;
}

/* ---- Requests -------------------------------------------------------------------------------------- */

static bool asks(const struct xml_node *element, const char *name)
{
    return xml_is(element, STR(NS_PUBSUB), str_from(name));
}

static bool asks_for_keys(const struct xml_node *element)
{
    return element != NULL && asks(element, "items")
           && key_node(xml_get(element, STR("node"))) != KEY_NODE_NONE;
}

/* Who does not see the account's presence sees keys that are open to all, because a first message needs them
 * (XEP-0384 §5.3), from another server only if the account has written to him, and nothing else: not even that there is an account. Of keys that are not there clients have to be told
 * so: Converse.js writes nothing to somebody who has one version of OMEMO only if the list of the other is any other error. */
static bool shown_to_stranger(const struct incoming *in, const struct xml_node *element)
{
    const struct pep_node *node = asks_for_keys(element)
                                      ? map_get(&in->view->pep_nodes, xml_get(element, STR("node")))
                                      : NULL;

    return node != NULL && node->config.access == PEP_OPEN
           && (in->remote == NULL || was_written_to(in));
}

static enum verdict hide_from_stranger(const struct incoming *in, struct outcome *out,
                                       const struct xml_node *element)
{
    return outcome_refuse(
        in, out, asks_for_keys(element) ? COND_ITEM_NOT_FOUND : COND_SERVICE_UNAVAILABLE, STR_NONE);
}

static enum verdict pep_get(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *element = xml_first_element(in->stanza->payload);

    if (!in->own && !view_shows(in->view, in->sender) && !shown_to_stranger(in, element))
        return hide_from_stranger(in, out, element);
    if (element == NULL)
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR_NONE);
    if (asks(element, "items"))
        return retrieve(in, out, element);
    if (asks(element, "affiliations"))
        return pep_affiliations(in, out, element);
    if (asks(element, "subscriptions"))
        return pep_subscriptions(in, out, element);
    return pep_unsupported(in, out, "subscription-options");
}

static enum verdict pep_set(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *element = xml_first_element(in->stanza->payload);

    if (element == NULL)
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR_NONE);
    if (asks(element, "subscribe") || asks(element, "unsubscribe") || asks(element, "options"))
        return pep_unsupported(in, out, "subscribe"); /* presence does it: XEP-0163 §3.3 */
    if (!in->own)
        return outcome_forbid(in, out);
    if (asks(element, "publish"))
        return publish(in, out, element);
    if (asks(element, "retract"))
        return retract(in, out, element);
    if (asks(element, "create"))
        return pep_create(in, out, element);
    return outcome_refuse(in, out, COND_FEATURE_NOT_IMPLEMENTED, STR_NONE);
}

const struct module pep_module = {
    .name = "pep",
    .spec = "XEP-0163 1.2.2, XEP-0060 1.30.0, XEP-0223 1.1.1",
    /* Profanity asks the domain, not the account, whether a node can be opened to all as it is made. */
    .features = LIST(STR_INIT(NS_PUBSUB "#publish-options")),
    .account_features =
        LIST(STR_INIT(NS_PUBSUB), STR_INIT(NS_PUBSUB "#access-open"),
             STR_INIT(NS_PUBSUB "#access-presence"), STR_INIT(NS_PUBSUB "#access-roster"),
             STR_INIT(NS_PUBSUB "#access-whitelist"), STR_INIT(NS_PUBSUB "#auto-create"),
             STR_INIT(NS_PUBSUB "#auto-subscribe"), STR_INIT(NS_PUBSUB "#config-node-max"),
             STR_INIT(NS_PUBSUB "#delete-items"), STR_INIT(NS_PUBSUB "#filtered-notifications"),
             STR_INIT(NS_PUBSUB "#item-ids"), STR_INIT(NS_PUBSUB "#last-published"),
             STR_INIT(NS_PUBSUB "#multi-items"), STR_INIT(NS_PUBSUB "#persistent-items"),
             STR_INIT(NS_PUBSUB "#presence-subscribe"), STR_INIT(NS_PUBSUB "#publish"),
             STR_INIT(NS_PUBSUB "#publish-options"), STR_INIT(NS_PUBSUB "#pubsub-on-a-jid"),
             STR_INIT(NS_PUBSUB "#retract-items"), STR_INIT(NS_PUBSUB "#retrieve-items"),
             STR_INIT(NS_PUBSUB "#rsm")),
    .iqs =
        IQS({ IQ_GET, TO_ACCOUNT | TO_STRANGERS, STR_INIT(NS_PUBSUB), STR_INIT("pubsub"), pep_get },
            { IQ_SET, TO_ACCOUNT, STR_INIT(NS_PUBSUB), STR_INIT("pubsub"), pep_set }),
};
