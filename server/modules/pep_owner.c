/* pep_owner.c: what the owner of PEP nodes can do beside publishing (XEP-0060 §8): create,
 * configure, empty and delete them, and see who has which part in them.
 *
 * The owner is the account, always and alone, and nobody subscribes but through presence (XEP-0163
 * §3.3): so affiliations and subscriptions can be read and not be changed.
 */
#include "server/modules/pep_owner.h"

#include "server/modules/modules.h"
#include "server/modules/pep_answers.h"
#include "server/modules/pep_config.h"
#include "server/modules/pep_write.h"
#include "xmpp/dataform.h"

/* The node that a request names; NULL after an answer. */
static const struct pep_node *named_node(const struct incoming *in, struct outcome *out,
                                         const struct xml_node *request)
{
    struct str name = xml_get(request, STR("node"));
    const struct pep_node *node = map_get(&in->view->pep_nodes, name);

    if (name.n == 0)
        pep_refuse(in, out, COND_BAD_REQUEST, "nodeid-required", STR("The node has no name."));
    else if (node == NULL)
        outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR("There is no such node."));
    return node;
}

/* <event><NAME node='…'/></event>; returns NAME. */
static struct xml_node *notify(struct outcome *out, const struct pep_node *node, struct str name)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *message =
        stanza_new(a, STANZA_MESSAGE, "headline", STR_NONE, STR_NONE, STR_NONE);
    struct xml_node *event = xml_add(a, message, STR(NS_PUBSUB_EVENT), STR("event"));
    struct xml_node *change = xml_add(a, event, STR(NS_PUBSUB_EVENT), name);

    xml_set(a, change, STR("node"), node->name);
    outcome_notify(out, node, message);
    return change;
}

/* <pubsub><NAME/></pubsub> in a result; returns NAME. */
static struct xml_node *answer(const struct incoming *in, struct outcome *out, struct str name)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct str ns = in->stanza->payload->ns;

    outcome_reply(out, result);
    return xml_add(a, xml_add(a, result, ns, STR("pubsub")), ns, name);
}

/* ---- Create (§8.1) and configure (§8.2) ------------------------------------------------------------- */

static enum verdict refuse_config(const struct incoming *in, struct outcome *out,
                                  const struct xml_node *parent)
{
    struct str text = STR("The node cannot be configured so.");

    if (!pep_config_access_offered(outcome_arena(out), parent)) /* §8.1.2 */
        return pep_refuse(in, out, COND_NOT_ACCEPTABLE, "unsupported-access-model", text);
    return outcome_refuse(in, out, COND_NOT_ACCEPTABLE, text);
}

enum verdict pep_create(const struct incoming *in, struct outcome *out,
                        const struct xml_node *create)
{
    struct arena *a = outcome_arena(out);
    const struct xml_node *configure = xml_next_element(create);
    struct pep_node node = { xml_get(create, STR("node")), pep_config_default() };

    if (configure != NULL
        && (!xml_is(configure, STR(NS_PUBSUB), STR("configure"))
            || xml_get(configure, STR("node")).p != NULL)) /* §8.1.3 */
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR_NONE);
    if (node.name.n == 0 || node.name.n > JID_PART_MAX)
        return pep_refuse(in, out, COND_NOT_ACCEPTABLE, "nodeid-required",
                          STR("The node needs a name."));
    if (map_get(&in->view->pep_nodes, node.name) != NULL)
        return outcome_refuse(in, out, COND_CONFLICT, STR("You have that node already."));
    if (!pep_has_room(in, 1))
        return outcome_full(in, out, "nodes", STR("You have too many nodes."));
    if (pep_config_read(a, configure, &node.config) != ERR_NONE)
        return refuse_config(in, out, configure);
    outcome_write(out, ROW_PEP_NODE)->pep_node = node;
    return outcome_result(in, out);
}

static enum verdict configure_get(const struct incoming *in, struct outcome *out,
                                  const struct xml_node *request)
{
    const struct pep_node *node = named_node(in, out, request);
    struct pep_node copy;
    struct xml_node *configure;

    if (node == NULL)
        return HANDLED;
    copy = pep_node_copy(outcome_arena(out), node);
    configure = answer(in, out, STR("configure"));
    xml_set(outcome_arena(out), configure, STR("node"), copy.name);
    pep_config_write(outcome_arena(out), configure, &copy.config);
    return HANDLED;
}

static enum verdict default_get(const struct incoming *in, struct outcome *out,
                                const struct xml_node *request)
{
    struct pep_config config = pep_config_default();

    (void)request;
    pep_config_write(outcome_arena(out), answer(in, out, STR("default")), &config);
    return HANDLED;
}

static enum verdict configure_set(const struct incoming *in, struct outcome *out,
                                  const struct xml_node *request)
{
    const struct pep_node *known = named_node(in, out, request);
    struct pep_node node;
    struct dataform form;

    if (known == NULL)
        return HANDLED;
    if (dataform_read(outcome_arena(out), request, &form) != ERR_NONE)
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("There is no form."));
    if (str_is(form.type, "cancel")) /* §8.2.4: all stays as it is */
        return outcome_result(in, out);
    node = pep_node_copy(outcome_arena(out), known);
    if (pep_config_read(outcome_arena(out), request, &node.config) != ERR_NONE)
        return refuse_config(in, out, request);
    outcome_write(out, ROW_PEP_NODE)->pep_node = node;
    if (!node.config.persist && known->config.persist) {
        outcome_write(out, ROW_PEP_PURGE)->pep_item.item.node = node.name;
        pep_changed(in, out, (struct pep_change){ .node = node.name });
    }
    return outcome_result(in, out);
}

/* ---- Delete (§8.4) and purge (§8.5) ----------------------------------------------------------------- */

static enum verdict delete_set(const struct incoming *in, struct outcome *out,
                               const struct xml_node *request)
{
    struct arena *a = outcome_arena(out);
    const struct pep_node *known = named_node(in, out, request);
    struct xml_node *redirect = xml_child(request, STR(NS_PUBSUB_OWNER), STR("redirect"));
    struct pep_node node;
    struct xml_node *event;

    if (known == NULL)
        return HANDLED;
    node = pep_node_copy(a, known);
    outcome_write(out, ROW_PEP_NODE_GONE)->pep_node.name = node.name;
    pep_changed(in, out, (struct pep_change){ .node = node.name });
    if (node.config.notify_delete) {
        event = notify(out, &node, STR("delete"));
        if (redirect != NULL)
            xml_set(a, xml_add(a, event, STR(NS_PUBSUB_EVENT), STR("redirect")), STR("uri"),
                    xml_get(redirect, STR("uri")));
    }
    return outcome_result(in, out);
}

static enum verdict purge_set(const struct incoming *in, struct outcome *out,
                              const struct xml_node *request)
{
    const struct pep_node *known = named_node(in, out, request);
    struct pep_node node;

    if (known == NULL)
        return HANDLED;
    if (!known->config.persist)
        return pep_unsupported(in, out, "persistent-items"); /* §8.5.3.3 */
    node = pep_node_copy(outcome_arena(out), known);
    outcome_write(out, ROW_PEP_PURGE)->pep_item.item.node = node.name;
    pep_changed(in, out, (struct pep_change){ .node = node.name });
    if (node.config.notify_retract) /* one event for all items: §8.5.2 */
        notify(out, &node, STR("purge"));
    return outcome_result(in, out);
}

/* ---- Affiliations and subscriptions ------------------------------------------------------------------ */

static void add_owner(struct arena *a, struct xml_node *list, struct str key, struct str value)
{
    struct xml_node *affiliation = xml_add(a, list, list->ns, STR("affiliation"));

    xml_set(a, affiliation, key, value);
    xml_set(a, affiliation, STR("affiliation"), STR("owner"));
}

enum verdict pep_affiliations(const struct incoming *in, struct outcome *out,
                              const struct xml_node *request)
{
    struct arena *a = outcome_arena(out);
    struct str only = xml_get(request, STR("node"));
    struct xml_node *list;
    struct map_slot slot;

    if (!in->own && !view_shows(in->view, in->sender))
        return outcome_forbid(in, out);
    list = answer(in, out, STR("affiliations"));
    if (only.p != NULL)
        xml_set(a, list, STR("node"), only);
    for (size_t at = 0; in->own && map_next(&in->view->pep_nodes, &at, &slot);)
        if (only.p == NULL || str_eq(only, slot.key))
            add_owner(a, list, STR("node"), arena_str(a, slot.key));
    return HANDLED;
}

/* Subscriptions are made by presence and stand in no list: §9.1. */
enum verdict pep_subscriptions(const struct incoming *in, struct outcome *out,
                               const struct xml_node *request)
{
    struct str only = xml_get(request, STR("node"));
    struct xml_node *list;

    if (!in->own && !view_shows(in->view, in->sender))
        return outcome_forbid(in, out);
    list = answer(in, out, STR("subscriptions"));
    if (only.p != NULL)
        xml_set(outcome_arena(out), list, STR("node"), only);
    return HANDLED;
}

static enum verdict affiliations_get(const struct incoming *in, struct outcome *out,
                                     const struct xml_node *request)
{
    struct arena *a = outcome_arena(out);
    const struct pep_node *node = named_node(in, out, request);
    struct xml_node *list;

    if (node == NULL)
        return HANDLED;
    list = answer(in, out, STR("affiliations"));
    xml_set(a, list, STR("node"), arena_str(a, node->name));
    add_owner(a, list, STR("jid"), in->view->bare);
    return HANDLED;
}

static enum verdict subscriptions_get(const struct incoming *in, struct outcome *out,
                                      const struct xml_node *request)
{
    return named_node(in, out, request) ? pep_subscriptions(in, out, request) : HANDLED;
}

static enum verdict affiliations_set(const struct incoming *in, struct outcome *out,
                                     const struct xml_node *request)
{
    (void)request;
    return pep_unsupported(in, out, "modify-affiliations");
}

static enum verdict subscriptions_set(const struct incoming *in, struct outcome *out,
                                      const struct xml_node *request)
{
    (void)request;
    return pep_unsupported(in, out, "manage-subscriptions");
}

/* ---- Requests -------------------------------------------------------------------------------------- */

static const struct {
    enum stanza_type type;
    const char *name;
    enum verdict (*handle)(const struct incoming *in, struct outcome *out,
                           const struct xml_node *request);
} requests[] = {
    { IQ_GET, "configure", configure_get },
    { IQ_SET, "configure", configure_set },
    { IQ_GET, "default", default_get },
    { IQ_SET, "delete", delete_set },
    { IQ_SET, "purge", purge_set },
    { IQ_GET, "affiliations", affiliations_get },
    { IQ_SET, "affiliations", affiliations_set },
    { IQ_GET, "subscriptions", subscriptions_get },
    { IQ_SET, "subscriptions", subscriptions_set },
};

static enum verdict owner_request(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *request = xml_first_element(in->stanza->payload);

    if (!in->own)
        return outcome_forbid(in, out);
    for (size_t i = 0; request != NULL && i < COUNT_OF(requests); i++)
        if (requests[i].type == in->stanza->type && str_is(request->name, requests[i].name)
            && str_eq(request->ns, STR(NS_PUBSUB_OWNER)))
            return requests[i].handle(in, out, request);
    return outcome_refuse(in, out, COND_BAD_REQUEST, STR_NONE);
}

#define FEATURE(name) STR_INIT(NS_PUBSUB "#" name)

const struct module pep_owner_module = {
    .name = "pep-owner",
    .spec = "XEP-0060 1.30.0",
    .account_features = LIST(FEATURE("config-node"), FEATURE("create-and-configure"),
                             FEATURE("create-nodes"), FEATURE("delete-nodes"), FEATURE("meta-data"),
                             FEATURE("purge-nodes"), FEATURE("retrieve-affiliations"),
                             FEATURE("retrieve-default"), FEATURE("retrieve-subscriptions")),
    .iqs =
        IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_PUBSUB_OWNER), STR_INIT("pubsub"), owner_request },
            { IQ_SET, TO_ACCOUNT, STR_INIT(NS_PUBSUB_OWNER), STR_INIT("pubsub"), owner_request }),
};
