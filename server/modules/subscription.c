/* subscription.c: presence subscriptions (RFC 6121 §3) by the state tables of its appendix A.
 *
 * A relation is four facts: we see them (to), they see us (from), our request waits (ask), theirs waits (pending_in).
 * Each of the four stanza types changes them one way when we send it and another way when we receive it.
 */
#include "server/modules/spent_tokens.h"
#include "server/modules/modules.h"
#include "server/modules/roster_items.h"
#include "server/stored.h"

struct relation {
    bool to, from, ask, pending_in;
};

static struct relation relation_of(const struct roster_item *item)
{
    if (item == NULL)
        return (struct relation){ 0 };
    return (struct relation){
        .to = item->subscription == SUB_TO || item->subscription == SUB_BOTH,
        .from = item->subscription == SUB_FROM || item->subscription == SUB_BOTH,
        .ask = item->ask,
        .pending_in = item->pending_in,
    };
}

static enum subscription subscription_of(struct relation r)
{
    return r.to && r.from ? SUB_BOTH : r.to ? SUB_TO : r.from ? SUB_FROM : SUB_NONE;
}

static bool is_same(struct relation a, struct relation b)
{
    return a.to == b.to && a.from == b.from && a.ask == b.ask && a.pending_in == b.pending_in;
}

/* It may be so because of a change that is not committed yet and can still fail: what is acknowledged rests on a row of its
 * own. */
static void write_again(struct outcome *out, const struct roster_item *item)
{
    if (item != NULL)
        outcome_write(out, ROW_ROSTER)->roster = roster_item_copy(outcome_arena(out), item);
}

/* Writes the contact with its new relation and tells our devices what they can see of it. */
static void store_relation(const struct incoming *in, struct outcome *out, struct str contact,
                           struct relation now, bool approved, struct str request)
{
    const struct roster_item *old = view_contact(in->view, contact);
    struct roster_item item = old ? *old : (struct roster_item){ .jid = contact };
    struct relation was = relation_of(old);
    bool was_approved = old != NULL && old->approved;

    if (is_same(was, now) && approved == was_approved) {
        write_again(out, old);
        return;
    }
    item.version = roster_next_version(in);
    item.subscription = subscription_of(now);
    item.ask = now.ask;
    item.pending_in = now.pending_in;
    item.approved = approved;
    item.request = now.pending_in ? request : STR_NONE;
    item.listed |= now.to || now.from || now.ask || approved;
    item = roster_item_copy(outcome_arena(out), &item);
    if (!item.listed && !item.pending_in) {
        outcome_write(out, ROW_ROSTER_GONE)->roster = item; /* it was but a request */
        return;
    }
    outcome_write(out, ROW_ROSTER)->roster = item;
    /* A waiting request alone is not shown (RFC 6121 §3.1.3), nor is its coming and going. */
    if (item.listed
        && (was.to != now.to || was.from != now.from || was.ask != now.ask
            || approved != was_approved))
        roster_push(out, &item);
}

static void reply_presence(const struct incoming *in, struct outcome *out, const char *type)
{
    outcome_route(out, stanza_new(outcome_arena(out), STANZA_PRESENCE, type, in->view->bare,
                                  in->sender, STR_NONE));
}

/* ---- What we send: appendix A.2 --------------------------------------------------------------------- */

static enum verdict sent(const struct incoming *in, struct outcome *out)
{
    struct str contact;
    const struct roster_item *item;
    struct relation r;
    bool approved, route = true;

    if (!in->stanza->has_to)
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("A subscription needs an address."));
    contact = jid_bare_text(outcome_arena(out), &in->stanza->to);
    if (str_eq(contact, in->view->bare))
        return DROP; /* an account always sees itself */
    item = view_contact(in->view, contact);
    r = relation_of(item);
    approved = item != NULL && item->approved;
    if (item == NULL && roster_is_full(in))
        return outcome_full(in, out, "roster", STR("Your contact list is full."));
    switch (in->stanza->type) {
    case PRESENCE_SUBSCRIBE: r.ask |= !r.to; break;
    case PRESENCE_UNSUBSCRIBE: r.to = r.ask = false; break;
    case PRESENCE_SUBSCRIBED:
        route = r.pending_in;
        approved |= !r.pending_in && !r.from; /* pre-approval: RFC 6121 §3.4 */
        r.from |= r.pending_in;
        r.pending_in = false;
        if (route)
            outcome_announce(out, contact, true);
        break;
    default: /* PRESENCE_UNSUBSCRIBED */
        route = r.pending_in || r.from;
        if (r.from)
            outcome_announce(out, contact, false);
        r.from = r.pending_in = approved = false;
        break;
    }
    store_relation(in, out, contact, r, approved, item ? item->request : STR_NONE);
    return route ? PASS : DROP;
}

/* ---- What we receive: appendix A.3 ------------------------------------------------------------------ */

static struct str token_of(const struct stanza *request)
{
    const struct xml_node *preauth = xml_child(request->node, STR(NS_PARS), STR("preauth"));

    return preauth ? xml_get(preauth, STR("token")) : STR_NONE;
}

/* Of a request nothing comes but who makes it: no words and no name of a stranger's choice, and it may wait long. */
static void leave_bare(struct xml_node *request)
{
    while (request->first != NULL)
        xml_detach(request, request->first);
}

static struct str bare_request(const struct incoming *in, struct arena *a)
{
    return stanza_text(
        a, stanza_new(a, STANZA_PRESENCE, "subscribe", in->sender, in->view->bare, STR_NONE));
}

static enum verdict received_subscribe(const struct incoming *in, struct outcome *out,
                                       const struct roster_item *item, struct relation r)
{
    bool invited =
        spent_tokens_has_not(in, outcome_arena(out), token_of(in->stanza)); /* XEP-0379 §3.2 */
    bool approved = invited || (item != NULL && item->approved);

    if (r.from) { /* already granted: say so again, and show what was missed since they lost it */
        reply_presence(in, out, "subscribed");
        outcome_announce(out, in->sender, true);
        return DROP;
    }
    if (approved) {
        bool ask = invited && !r.to && !r.ask; /* who was invited is to be seen, too */

        if (invited) /* who is removed does not come back by it, nor does whom he gave it to */
            spent_tokens_add(in, out, token_of(in->stanza), in->sender);
        r.from = true;
        r.ask |= ask;
        store_relation(in, out, in->sender, r, true, STR_NONE);
        reply_presence(in, out, "subscribed");
        if (ask)
            reply_presence(in, out, "subscribe");
        outcome_announce(out, in->sender, true);
        return DROP;
    }
    if (r.pending_in || (item == NULL && roster_requests_full(in)))
        return DROP; /* delivered once; of too many, later ones are not heard and may be made again */
    r.pending_in = true;
    leave_bare(in->stanza->node);
    store_relation(in, out, in->sender, r, false, bare_request(in, outcome_arena(out)));
    return PASS;
}

static enum verdict received(const struct incoming *in, struct outcome *out)
{
    const struct roster_item *item = view_contact(in->view, in->sender);
    struct relation r = relation_of(item), was = r;
    bool approved = item != NULL && item->approved;

    switch (in->stanza->type) {
    case PRESENCE_SUBSCRIBE: return received_subscribe(in, out, item, r);
    case PRESENCE_UNSUBSCRIBE:
        if (r.from)
            outcome_announce(out, in->sender, false);
        r.from = r.pending_in = false;
        break;
    case PRESENCE_SUBSCRIBED:
        r.to |= r.ask; /* only an answer to our question counts */
        r.ask = false;
        break;
    default: /* PRESENCE_UNSUBSCRIBED */ r.to = r.ask = false; break;
    }
    if (item != NULL)
        store_relation(in, out, in->sender, r, approved, item->request);
    return is_same(r, was) ? DROP : PASS;
}

/* ---- Hooks ----------------------------------------------------------------------------------------- */

static enum verdict subscription_out(const struct incoming *in, struct outcome *out)
{
    return stanza_is_subscription(in->stanza) ? sent(in, out) : PASS;
}

static enum verdict subscription_in(const struct incoming *in, struct outcome *out)
{
    return stanza_is_subscription(in->stanza) ? received(in, out) : PASS;
}

const struct module subscription_module = {
    .name = "subscription",
    .spec = "RFC 6121 3",
    .hooks = { [HOOK_OUT] = subscription_out, [HOOK_IN] = subscription_in },
};
