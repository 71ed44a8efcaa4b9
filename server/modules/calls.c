/* calls.c: the call gate, closed. Nothing of a call reaches a device until the server itself can say what may
 * (XEP-0353, XEP-0166): an unguarded call is a way into somebody's phone that nobody has to answer.
 */
#include "server/modules/modules.h"

static enum verdict refuse_calls(const struct incoming *in, struct outcome *out)
{
    const struct stanza *s = in->stanza;
    bool jingle = s->kind == STANZA_IQ && xml_child_ns(s->node, STR(NS_JINGLE)) != NULL;
    bool invited =
        s->kind == STANZA_MESSAGE && xml_child_ns(s->node, STR(NS_JINGLE_MESSAGE)) != NULL;

    if (!jingle && !invited)
        return PASS;
    return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE,
                          STR("This server does not carry calls yet."));
}

const struct module calls_module = {
    .name = "calls",
    .spec = "XEP-0353 0.8.0 (refused)",
    .hooks = { [HOOK_OUT] = refuse_calls, [HOOK_IN] = refuse_calls },
};
