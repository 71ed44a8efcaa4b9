/* disco.c: Service Discovery (XEP-0030) of the server and of accounts; what is found is what the modules declare. */
#include "xmpp/disco.h"

#include "server/modules/commands.h"
#include "server/modules/modules.h"
#include "server/modules/pep_config.h"

static struct xml_node *info(const struct incoming *in, struct outcome *out,
                             struct xml_node **out_result)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *query;
    struct str node = xml_get(in->stanza->payload, STR("node"));

    *out_result = stanza_result(a, in->stanza);
    query = xml_add(a, *out_result, STR(NS_DISCO_INFO), STR("query"));
    if (node.n > 0)
        xml_set(a, query, STR("node"), node);
    return query;
}

static void add_features(struct arena *a, struct xml_node *query, const struct str *features)
{
    for (; features != NULL && features->p != NULL; features++)
        disco_feature(a, query, *features);
}

static enum verdict server_info(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result, *query = info(in, out, &result);

    struct str node = xml_get(in->stanza->payload, STR("node"));

    if (command_find(node) != NULL) {
        command_info(command_find(node), a, query);
        outcome_reply(out, result);
        return HANDLED;
    }
    if (node.n > 0)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    disco_identity(a, query, STR("server"), STR("im"), STR("Sotto"));
    /* Who keeps private data in nodes asks the server, not the account: XEP-0223 §5. */
    disco_identity(a, query, STR("pubsub"), STR("pep"), STR_NONE);
    for (size_t i = 0; all_modules[i] != NULL; i++) {
        add_features(a, query, all_modules[i]->features);
        if (all_modules[i]->describe != NULL)
            all_modules[i]->describe(in->settings, a, query);
    }
    outcome_reply(out, result);
    return HANDLED;
}

/* A node of an account: what PEP says of it (XEP-0060 §5.3). */
static enum verdict node_info(const struct incoming *in, struct outcome *out, struct str name)
{
    struct arena *a = outcome_arena(out);
    const struct pep_node *node = map_get(&in->view->pep_nodes, name);
    struct xml_node *result, *query;

    if (!in->own || node == NULL)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    query = info(in, out, &result);
    disco_identity(a, query, STR("pubsub"), STR("leaf"), STR_NONE);
    disco_feature(a, query, STR(NS_PUBSUB));
    pep_config_describe(a, query, &node->config, in->view->bare);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict account_info(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct str node = xml_get(in->stanza->payload, STR("node"));
    struct xml_node *result, *query;

    if (!in->own && !view_sees_us(in->view, in->sender)) /* as for an account that does not exist */
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    if (node.n > 0)
        return node_info(in, out, node);
    query = info(in, out, &result);
    disco_identity(a, query, STR("account"), STR("registered"), STR_NONE);
    disco_identity(a, query, STR("pubsub"), STR("pep"), STR_NONE);
    for (size_t i = 0; all_modules[i] != NULL; i++)
        add_features(a, query, all_modules[i]->account_features);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict info_get(const struct incoming *in, struct outcome *out)
{
    return in->stanza->has_to && in->stanza->to.local.n == 0 ? server_info(in, out)
                                                             : account_info(in, out);
}

static bool is_server_node(struct str node)
{
    return str_eq(node, STR(NS_COMMANDS)) || command_find(node) != NULL;
}

/* Its items are asked for by XEP-0060; here it is a leaf. */
static bool is_own_node(const struct incoming *in, struct str node)
{
    return in->own && map_get(&in->view->pep_nodes, node) != NULL;
}

/* So that clients find a gateway by themselves. */
static void add_components(const struct incoming *in, struct arena *a, struct xml_node *query)
{
    const struct settings *s = in->settings;

    for (size_t i = 0; i < s->component_count; i++)
        xml_set(a, xml_add(a, query, STR(NS_DISCO_ITEMS), STR("item")), STR("jid"),
                s->components[i].domain);
}

static enum verdict items_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    bool of_server = in->stanza->has_to && in->stanza->to.local.n == 0;
    struct str node = xml_get(in->stanza->payload, STR("node"));
    struct xml_node *result, *query;
    struct map_slot slot;

    if (!of_server && !in->own && !view_sees_us(in->view, in->sender))
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    if (node.n > 0 && !(of_server ? is_server_node(node) : is_own_node(in, node)))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    result = stanza_result(a, in->stanza);
    query = xml_add(a, result, STR(NS_DISCO_ITEMS), STR("query"));
    outcome_reply(out, result);
    if (node.n > 0)
        xml_set(a, query, STR("node"), node);
    if (of_server && str_eq(node, STR(NS_COMMANDS)))
        command_items(in, a, query);
    if (of_server && node.n == 0)
        add_components(in, a, query);
    if (of_server || !in->own || node.n > 0) /* what nodes somebody has is for himself to know */
        return HANDLED;
    for (size_t at = 0; map_next(&in->view->pep_nodes, &at, &slot);) {
        struct xml_node *item = xml_add(a, query, STR(NS_DISCO_ITEMS), STR("item"));

        xml_set(a, item, STR("jid"), in->view->bare);
        xml_set(a, item, STR("node"), arena_str(a, slot.key));
    }
    return HANDLED;
}

const struct module disco_module = {
    .name = "disco",
    .spec = "XEP-0030 2.5.0, XEP-0115 1.6.0",
    .features = LIST(STR_INIT(NS_DISCO_INFO), STR_INIT(NS_DISCO_ITEMS)),
    .account_features = LIST(STR_INIT(NS_DISCO_INFO), STR_INIT(NS_DISCO_ITEMS)),
    .iqs = IQS(
        { IQ_GET, TO_SERVER | TO_ACCOUNT | FROM_REMOTE, STR_INIT(NS_DISCO_INFO), STR_INIT("query"),
          info_get },
        { IQ_GET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_DISCO_ITEMS), STR_INIT("query"), items_get }),
};
