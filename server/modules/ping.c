/* ping.c: XMPP Ping (XEP-0199). Answers pings to the server (§4.2) and to bare JIDs: in the name of an account to its
 * owner and to contacts only; for others it looks like one that does not exist.
 */
#include "server/modules/modules.h"

static enum verdict ping_answer(const struct incoming *in, struct outcome *out)
{
    if (in->stanza->to.local.n > 0 && !in->own && !view_sees_us(in->view, in->sender))
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    return outcome_result(in, out);
}

const struct module ping_module = {
    .name = "ping",
    .spec = "XEP-0199 2.0.1",
    .features = LIST(STR_INIT(NS_PING)),
    .account_features = LIST(STR_INIT(NS_PING)),
    .iqs = IQS({ IQ_GET, TO_SERVER | TO_ACCOUNT | FROM_REMOTE, STR_INIT(NS_PING), STR_INIT("ping"),
                 ping_answer }),
};
