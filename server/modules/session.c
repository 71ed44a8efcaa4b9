/* session.c: the session request of RFC 3921 §3, which RFC 6120 made needless; old clients still send it. */
#include "server/modules/modules.h"

static enum verdict session_answer(const struct incoming *in, struct outcome *out)
{
    if (!in->own)
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    return outcome_result(in, out);
}

const struct module session_module = {
    .name = "session",
    .spec = "RFC 3921",
    .iqs = IQS({ IQ_SET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_SESSION), STR_INIT("session"),
                 session_answer }),
};
