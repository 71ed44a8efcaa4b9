/* vcard.c: vcard-temp (XEP-0054): one card of an account, for those who see its presence. The
 * picture on it is the account's avatar (avatar.h).
 */
#include "server/modules/avatar.h"
#include "server/modules/modules.h"
#include "server/stored.h"

/* ---- Get ------------------------------------------------------------------------------------------- */

static enum verdict answer(const struct incoming *in, struct outcome *out, struct xml_node *card)
{
    struct xml_node *result;

    if (xml_first_element(card) == NULL) /* to others the same as without an account: §3.3 */
        return outcome_refuse(in, out, in->own ? COND_ITEM_NOT_FOUND : COND_SERVICE_UNAVAILABLE,
                              STR_NONE);
    result = stanza_result(outcome_arena(out), in->stanza);
    xml_append(result, card);
    outcome_reply(out, result);
    return HANDLED;
}

static struct xml_node *card_of(struct arena *a, const struct store_query *found)
{
    struct str text = found->out.document.value;
    struct xml_node *card = text.n > 0 ? stored_element(a, text) : NULL;

    return card ? card : xml_new(a, STR(NS_VCARD), STR("vCard"));
}

static enum verdict picture_found(const struct incoming *in, const struct store_query *done,
                                  struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *card = card_of(a, done->previous);
    struct picture picture;

    if (done->op.result == ERR_NONE && done->out.pep.count > 0
        && avatar_read_item(a, &done->out.pep.items[0], avatar_for(in), &picture))
        avatar_add_photo(a, card, &picture);
    return answer(in, out, card);
}

static enum verdict card_found(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct str *id = ARENA_NEW(a, struct str);
    struct xml_node *card;
    struct store_query *q;

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The card could not be read."));
    card = card_of(a, done);
    *id = arena_str(a, avatar_for(in).id);
    if (id->n == 0 || xml_child(card, STR(NS_VCARD), STR("PHOTO")) != NULL)
        return answer(in, out, card);
    q = outcome_query(out, QUERY_PEP_ITEMS, picture_found);
    q->in.pep.account = in->view->account;
    q->in.pep.node = STR(NS_AVATAR_DATA);
    q->in.pep.ids = id;
    q->in.pep.id_count = 1;
    return WAIT;
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

/* ---- Set ------------------------------------------------------------------------------------------- */

enum change { PICTURE_STAYS, PICTURE_GOES, PICTURE_COMES };

/* A picture moves from the card to its nodes; a card without one takes it from there. What is no
 * picture stays on the card, such as a link, and changes nothing. */
static enum change take_picture(struct arena *a, struct xml_node *card, struct picture *out)
{
    struct xml_node *photo = xml_child(card, STR(NS_VCARD), STR("PHOTO"));

    if (photo != NULL && xml_first_element(photo) != NULL && !avatar_read_photo(a, photo, out))
        return PICTURE_STAYS;
    if (photo != NULL)
        xml_detach(card, photo);
    return photo != NULL && xml_first_element(photo) != NULL ? PICTURE_COMES : PICTURE_GOES;
}

/* Waiting would not make it smaller. */
static enum verdict too_big(const struct incoming *in, struct outcome *out)
{
    outcome_event(out, EVENT(EVENT_QUOTA, .rule = "vcard"));
    return outcome_refuse(in, out, COND_NOT_ACCEPTABLE, STR("The card is too big."));
}

static enum verdict card_set(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *card = in->stanza->payload;
    struct picture picture = { 0 };
    enum change change;
    struct str text;
    struct row *row;

    if (!in->own)
        return outcome_forbid(in, out);
    change = take_picture(a, card, &picture);
    text = element_text(a, card);
    if (text.n > in->settings->vcard_bytes || picture.base64.n > in->settings->pep_item_bytes)
        return too_big(in, out);
    if (change == PICTURE_COMES && !avatar_has_room(in))
        return outcome_full(in, out, "nodes", STR("You have too many nodes."));
    if (change != PICTURE_STAYS)
        avatar_publish(in, out, change == PICTURE_COMES ? &picture : NULL);
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
