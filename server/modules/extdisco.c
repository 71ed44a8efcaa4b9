/* extdisco.c: External Service Discovery (XEP-0215): where a client finds STUN, TURN and their like.
 *
 * There are none: media go through the server's own anchor, whose address comes with an accepted
 * call. Clients that ask are told so, so that none has a reason to look elsewhere: a server of
 * strangers would learn who calls from where.
 */
#include "server/modules/modules.h"

static enum verdict services_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *services = xml_add(a, result, STR(NS_EXTDISCO), STR("services"));
    struct str type = xml_get(in->stanza->payload, STR("type"));

    if (type.p != NULL) /* §3.2 */
        xml_set(a, services, STR("type"), type);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict credentials_get(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *service =
        xml_child(in->stanza->payload, STR(NS_EXTDISCO), STR("service"));

    if (service == NULL || xml_get(service, STR("host")).n == 0
        || xml_get(service, STR("type")).n == 0) /* §3.3 */
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("Name a service."));
    return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
}

const struct module extdisco_module = {
    .name = "extdisco",
    .spec = "XEP-0215 1.0.0",
    .features = LIST(STR_INIT(NS_EXTDISCO)),
    .iqs =
        IQS({ IQ_GET, TO_SERVER, STR_INIT(NS_EXTDISCO), STR_INIT("services"), services_get },
            { IQ_GET, TO_SERVER, STR_INIT(NS_EXTDISCO), STR_INIT("credentials"), credentials_get }),
};
