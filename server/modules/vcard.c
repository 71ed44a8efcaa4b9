/* vcard.c: vcard-temp (XEP-0054): one card of an account, for those who see its presence. */
#include "server/modules/modules.h"
#include "server/stored.h"

static enum verdict card_found(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result, *card;

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The card could not be read."));
    card = done->out.document.value.n > 0 ? stored_element(a, done->out.document.value) : NULL;
    if (card == NULL) /* to others the same as without an account: §3.3 */
        return outcome_refuse(in, out, in->own ? COND_ITEM_NOT_FOUND : COND_SERVICE_UNAVAILABLE,
                              STR_NONE);
    result = stanza_result(a, in->stanza);
    xml_append(result, card);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict card_get(const struct incoming *in, struct outcome *out)
{
    struct store_query *q;

    if (!in->own && !view_shows(in->view, in->sender))
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    q = outcome_query(out, QUERY_DOCUMENT, card_found);
    q->in.document.account = in->view->account;
    q->in.document.kind = DOC_VCARD;
    q->in.document.key = STR("");
    return WAIT;
}

static enum verdict card_set(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *card = in->stanza->payload;
    struct str text = element_text(outcome_arena(out), card);
    struct row *row;

    if (!in->own)
        return outcome_forbid(in, out);
    if (text.n > in->settings->vcard_bytes)
        return outcome_refuse(in, out, COND_RESOURCE_CONSTRAINT, STR("The card is too big."));
    row = outcome_write(out, ROW_DOCUMENT);
    row->document.kind = DOC_VCARD;
    row->document.key = STR("");
    row->document.value = xml_first_element(card) ? text : STR(""); /* an empty card is none */
    return outcome_result(in, out);
}

const struct module vcard_module = {
    .name = "vcard",
    .spec = "XEP-0054 1.3.0",
    .features = LIST(STR_INIT(NS_VCARD)),
    .account_features = LIST(STR_INIT(NS_VCARD)),
    .iqs = IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_VCARD), STR_INIT("vCard"), card_get },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_VCARD), STR_INIT("vCard"), card_set }),
};
