/* link.c: a new device gets the account (urn:sotto:link:0): the side of the device that has it. The other side has not logged in:
 * session_link.c.
 */
#include "server/linking.h"
#include "server/modules/modules.h"

static enum verdict answer_found(const struct incoming *in, const struct store_query *done,
                                 struct outcome *out)
{
    const struct link_record *l = &done->out.link.record;

    if (done->op.result != ERR_NONE || l->account != in->view->account)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    outcome_reply(out, link_answer(outcome_arena(out), in->stanza, l->octets));
    return HANDLED;
}

static enum verdict take(const struct incoming *in, struct outcome *out,
                         const struct link_request *r)
{
    struct store_query *q = outcome_query(out, QUERY_LINK, answer_found);

    q->in.link.channel = r->channel;
    q->in.link.step = r->step;
    q->in.link.now_ms = in->now_ms;
    return WAIT;
}

static enum verdict put(const struct incoming *in, struct outcome *out,
                        const struct link_request *r)
{
    struct row *row = outcome_write(out, ROW_LINK);

    row->link.record = (struct link_record){ .channel = r->channel,
                                             .step = r->step,
                                             .account = in->view->account,
                                             .octets = r->octets,
                                             .expires_ms = in->now_ms + LINK_LIVES_MS };
    row->link.now_ms = in->now_ms;
    return outcome_result(in, out);
}

static enum verdict handle(const struct incoming *in, struct outcome *out)
{
    struct link_request r;

    if (!in->own)
        return outcome_forbid(in, out);
    if (in->limited)
        return outcome_refuse(in, out, COND_FORBIDDEN,
                              STR("An app's password does not link devices."));
    if (link_request_read(outcome_arena(out), in->stanza, &r) != ERR_NONE
        || r.put != (r.step != LINK_ANSWER))
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR_NONE);
    return r.put ? put(in, out, &r) : take(in, out, &r);
}

const struct module link_module = {
    .name = "link",
    .spec = NS_LINK,
    .features = LIST(STR_INIT(NS_LINK)),
    .account_features = LIST(STR_INIT(NS_LINK)),
    .iqs = IQS({ IQ_SET, TO_ACCOUNT, STR_INIT(NS_LINK), STR_INIT("put"), handle },
               { IQ_GET, TO_ACCOUNT, STR_INIT(NS_LINK), STR_INIT("take"), handle }),
};
