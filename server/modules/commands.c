/* commands.c: Ad-Hoc Commands (XEP-0050) of the server, in one step each: what the modules offer, listed and run.
 *
 * A module names its commands in its descriptor. What is run gets the whole request and answers it with
 * command_completed(), or refuses it like any other.
 */
#include "server/modules/commands.h"

#include "server/modules/modules.h"
#include "xmpp/disco.h"

const struct ad_hoc *command_find(struct str node)
{
    for (size_t i = 0; all_modules[i] != NULL; i++)
        for (const struct ad_hoc *c = all_modules[i]->commands; c != NULL && c->execute != NULL;
             c++)
            if (str_eq(c->node, node))
                return c;
    return NULL;
}

void command_items(const struct incoming *in, struct arena *a, struct xml_node *query)
{
    for (size_t i = 0; all_modules[i] != NULL; i++)
        for (const struct ad_hoc *c = all_modules[i]->commands; c != NULL && c->execute != NULL;
             c++) {
            struct xml_node *item = xml_add(a, query, STR(NS_DISCO_ITEMS), STR("item"));

            xml_set(a, item, STR("jid"), arena_str(a, in->stanza->to.domain));
            xml_set(a, item, STR("node"), c->node);
            xml_set(a, item, STR("name"), c->name);
        }
}

void command_info(const struct ad_hoc *c, struct arena *a, struct xml_node *query)
{
    disco_identity(a, query, STR("automation"), STR("command-node"), c->name);
    disco_feature(a, query, STR(NS_COMMANDS));
    disco_feature(a, query, STR(NS_DATA));
}

static struct xml_node *command_answer(const struct incoming *in, struct outcome *out,
                                       const char *status)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *command = xml_add(a, result, STR(NS_COMMANDS), STR("command"));
    struct str session = xml_get(in->stanza->payload, STR("sessionid"));

    xml_set(a, command, STR("node"), xml_get(in->stanza->payload, STR("node")));
    /* There is nothing to go back to: the id is for the client only (§3.3 wants one). */
    xml_set(a, command, STR("sessionid"), session.n > 0 ? session : STR("1"));
    xml_set(a, command, STR("status"), str_from(status));
    outcome_reply(out, result);
    return command;
}

struct xml_node *command_completed(const struct incoming *in, struct outcome *out)
{
    return command_answer(in, out, "completed");
}

static enum verdict command_set(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *command = in->stanza->payload;
    const struct ad_hoc *found = command_find(xml_get(command, STR("node")));
    struct str action = xml_get(command, STR("action"));

    if (found == NULL)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    if (str_is(action, "cancel")) {
        command_answer(in, out, "canceled");
        return HANDLED;
    }
    if (action.n > 0 && !str_is(action, "execute") && !str_is(action, "complete"))
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("This command has one step only."));
    return found->execute(in, out);
}

const struct module commands_module = {
    .name = "commands",
    .spec = "XEP-0050 1.3.0",
    .features = LIST(STR_INIT(NS_COMMANDS)),
    .iqs = IQS({ IQ_SET, TO_SERVER, STR_INIT(NS_COMMANDS), STR_INIT("command"), command_set }),
};
