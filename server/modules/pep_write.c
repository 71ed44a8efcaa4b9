/* pep_write.c: one item onto a node; one change to all modules. */
#include "server/modules/pep_write.h"

#include "server/modules/pep_config.h"
#include "server/pep_events.h"

bool pep_has_room(const struct incoming *in, size_t nodes)
{
    return nodes == 0 || in->view->pep_nodes.n + nodes <= in->settings->pep_nodes;
}

struct pep_node pep_node_get(const struct incoming *in, struct outcome *out, struct str name)
{
    const struct pep_node *known = map_get(&in->view->pep_nodes, name);
    struct pep_node made = { name, pep_config_default() };

    if (known != NULL)
        return pep_node_copy(outcome_arena(out), known);
    outcome_write(out, ROW_PEP_NODE)->pep_node = made;
    return made;
}

void pep_put_item(const struct incoming *in, struct outcome *out, const struct pep_node *node,
                  const struct pep_item *item)
{
    uint64_t most = in->settings->pep_items_per_node;
    struct xml_node *items, *event;
    struct row *row;

    if (node->config.persist && node->config.max_items > 0) {
        row = outcome_write(out, ROW_PEP_ITEM);
        row->pep_item.item = *item;
        row->pep_item.max_bytes = in->settings->pep_bytes;
        row->pep_item.keep_items = node->config.max_items < most ? node->config.max_items : most;
    }
    event = pep_event(outcome_arena(out), STR_NONE, STR_NONE, node->name, &items);
    pep_event_item(outcome_arena(out), items, item, node->config.deliver_payloads);
    outcome_notify(out, node, event);
    pep_changed(in, out, (struct pep_change){ .node = node->name, .item = item });
}

void pep_changed(const struct incoming *in, struct outcome *out, struct pep_change change)
{
    for (size_t i = 0; all_modules[i] != NULL; i++)
        if (all_modules[i]->pep != NULL)
            all_modules[i]->pep(in, &change, out);
}
