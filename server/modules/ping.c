/* ping.c: XMPP Ping (XEP-0199). Answers pings to the server (§4.2) and to bare JIDs. */
#include "server/modules/modules.h"

static enum verdict ping_answer(const struct incoming *in, struct outcome *out)
{
    return outcome_result(in, out);
}

const struct module ping_module = {
    .name = "ping",
    .spec = "XEP-0199 2.0.1",
    .features = LIST(STR_INIT(NS_PING)),
    .iqs = IQS({ IQ_GET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_PING), STR_INIT("ping"), ping_answer }),
};
