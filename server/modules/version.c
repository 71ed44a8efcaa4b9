/* version.c: Software Version (XEP-0092) of the server. The operating system is nobody's business (§5). */
#include "server/modules/modules.h"

static enum verdict version_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *query = xml_add(a, result, STR(NS_VERSION), STR("query"));

    xml_add_text_child(a, query, STR(NS_VERSION), STR("name"), STR("Sotto"));
    xml_add_text_child(a, query, STR(NS_VERSION), STR("version"), STR(SOTTO_VERSION));
    outcome_reply(out, result);
    return HANDLED;
}

const struct module version_module = {
    .name = "version",
    .spec = "XEP-0092 1.1",
    .features = LIST(STR_INIT(NS_VERSION)),
    .iqs = IQS({ IQ_GET, TO_SERVER, STR_INIT(NS_VERSION), STR_INIT("query"), version_get }),
};
