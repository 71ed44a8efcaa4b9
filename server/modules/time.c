/* time.c: Entity Time (XEP-0202) of the server, always in UTC: where it stands does not show.
 *
 * Its neighbour, Last Activity (XEP-0012), is left out on purpose: when somebody was last here is
 * what presence subscriptions are for.
 */
#include "base/datetime.h"
#include "server/modules/modules.h"

static enum verdict time_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *time = xml_add(a, result, STR(NS_TIME), STR("time"));

    xml_add_text_child(a, time, STR(NS_TIME), STR("tzo"), STR("+00:00"));
    xml_add_text_child(a, time, STR(NS_TIME), STR("utc"), datetime_text(a, in->now_ms));
    outcome_reply(out, result);
    return HANDLED;
}

const struct module time_module = {
    .name = "time",
    .spec = "XEP-0202 2.0",
    .features = LIST(STR_INIT(NS_TIME)),
    .iqs = IQS({ IQ_GET, TO_SERVER, STR_INIT(NS_TIME), STR_INIT("time"), time_get }),
};
