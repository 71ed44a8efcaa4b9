/* pubsub.c: see pubsub.h. */
#include "client/pubsub.h"

#include "xmpp/dataform.h"
#include "xmpp/ns.h"

struct publishing {
    struct pubsub_item item;
    const struct xml_node *payload;
    bool configured; /* it was tried with a configuration set first */
};

static void add_options(struct arena *a, struct xml_node *form, const struct pubsub_item *item)
{
    dataform_field(a, form, STR("pubsub#access_model"), STR_NONE, STR_NONE,
                   item->own ? STR("whitelist") : STR("open"));
    dataform_field(a, form, STR("pubsub#persist_items"), STR_NONE, STR_NONE, STR("true"));
    if (item->many)
        dataform_field(a, form, STR("pubsub#max_items"), STR_NONE, STR_NONE, STR("max"));
    if (item->own) /* whoever comes online asks for all of them */
        dataform_field(a, form, STR("pubsub#send_last_published_item"), STR_NONE, STR_NONE,
                       STR("never"));
}

static struct xml_node *publish_request(struct arena *a, const struct publishing *p)
{
    struct xml_node *pubsub = xml_new(a, STR(NS_PUBSUB), STR("pubsub"));
    struct xml_node *publish = xml_add(a, pubsub, STR(NS_PUBSUB), STR("publish"));
    struct xml_node *item = xml_add(a, publish, STR(NS_PUBSUB), STR("item"));
    struct xml_node *options = xml_add(a, pubsub, STR(NS_PUBSUB), STR("publish-options"));

    xml_set(a, publish, STR("node"), p->item.node);
    xml_set(a, item, STR("id"), p->item.id);
    xml_append(item, xml_copy(a, p->payload));
    add_options(a, dataform_new(a, options, STR("submit"), STR(NS_PUBSUB_PUBLISH_OPTIONS)),
                &p->item);
    return pubsub;
}

static void send_publishing(struct engine *c, const struct publishing *p);

static void finished(struct engine *c, const struct publishing *p, bool published)
{
    if (p->item.done != NULL)
        p->item.done(c, &p->item, published);
}

static void configured(struct engine *c, struct request *r, const struct stanza *answer)
{
    struct publishing *p = r->context;

    p->configured = true;
    if (answer != NULL && answer->type == IQ_RESULT)
        send_publishing(c, p);
    else
        finished(c, p, false);
}

static struct publishing *keep(struct arena *a, const struct publishing *p)
{
    struct publishing *kept = ARENA_NEW(a, struct publishing);

    *kept = *p;
    kept->item.node = arena_str(a, p->item.node);
    kept->item.id = arena_str(a, p->item.id);
    kept->payload = xml_copy(a, p->payload);
    return kept;
}

static void configure(struct engine *c, const struct publishing *p)
{
    struct request *r = request_new(c, configured);
    struct arena a = { 0 };
    struct xml_node *pubsub = xml_new(&a, STR(NS_PUBSUB_OWNER), STR("pubsub"));
    struct xml_node *node = xml_add(&a, pubsub, STR(NS_PUBSUB_OWNER), STR("configure"));

    r->context = keep(&r->arena, p);
    xml_set(&a, node, STR("node"), p->item.node);
    add_options(&a, dataform_new(&a, node, STR("submit"), STR(NS_PUBSUB_NODE_CONFIG)), &p->item);
    request_send(c, r, "set", NULL, pubsub);
    arena_deinit(&a);
}

/* XEP-0060 §7.1.5: the node exists with another configuration. */
static void published(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct publishing *p = r->context;
    const struct xml_node *error = NULL;

    if (answer != NULL && answer->type == IQ_ERROR && !p->configured)
        error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));
    if (error != NULL
        && xml_child(error, STR(NS_PUBSUB_ERRORS), STR("precondition-not-met")) != NULL)
        configure(c, p);
    else
        finished(c, p, answer != NULL && answer->type == IQ_RESULT);
}

static void send_publishing(struct engine *c, const struct publishing *p)
{
    struct request *r = request_new(c, published);
    struct arena a = { 0 };

    r->context = keep(&r->arena, p);
    request_send(c, r, "set", NULL, publish_request(&a, p));
    arena_deinit(&a);
}

void pubsub_publish(struct engine *c, const struct pubsub_item *item,
                    const struct xml_node *payload)
{
    send_publishing(c, &(struct publishing){ .item = *item, .payload = payload });
}

static void retracted(struct engine *c, struct request *r, const struct stanza *answer)
{
    finished(c, r->context,
             answer != NULL && (answer->type == IQ_RESULT || pubsub_is_missing(answer)));
}

void pubsub_retract(struct engine *c, const struct pubsub_item *item)
{
    struct request *r = request_new(c, retracted);
    struct arena a = { 0 };
    struct xml_node *pubsub = xml_new(&a, STR(NS_PUBSUB), STR("pubsub"));
    struct xml_node *retract = xml_add(&a, pubsub, STR(NS_PUBSUB), STR("retract"));
    struct publishing *p = ARENA_NEW(&r->arena, struct publishing);

    p->item = *item;
    p->item.node = arena_str(&r->arena, item->node);
    p->item.id = arena_str(&r->arena, item->id);
    r->context = p;
    xml_set(&a, retract, STR("node"), item->node);
    xml_set(&a, retract, STR("notify"), STR("true"));
    xml_set(&a, xml_add(&a, retract, STR(NS_PUBSUB), STR("item")), STR("id"), item->id);
    request_send(c, r, "set", NULL, pubsub);
    arena_deinit(&a);
}

void pubsub_fetch(struct engine *c, struct request *r, const struct jid *of, struct str node,
                  struct str item_id)
{
    struct arena a = { 0 };
    struct xml_node *pubsub = xml_new(&a, STR(NS_PUBSUB), STR("pubsub"));
    struct xml_node *items = xml_add(&a, pubsub, STR(NS_PUBSUB), STR("items"));

    xml_set(&a, items, STR("node"), node);
    if (item_id.n > 0)
        xml_set(&a, xml_add(&a, items, STR(NS_PUBSUB), STR("item")), STR("id"), item_id);
    request_send(c, r, "get", of, pubsub);
    arena_deinit(&a);
}

const struct xml_node *pubsub_payload(const struct stanza *answer, struct str item_id)
{
    const struct xml_node *pubsub = xml_child(answer->node, STR(NS_PUBSUB), STR("pubsub"));
    const struct xml_node *items = pubsub ? xml_child(pubsub, STR(NS_PUBSUB), STR("items")) : NULL;

    for (const struct xml_node *i = items ? xml_first_element(items) : NULL;
         answer->type == IQ_RESULT && i != NULL; i = xml_next_element(i))
        if (item_id.n == 0 || str_eq(xml_get(i, STR("id")), item_id))
            return xml_first_element(i);
    return NULL;
}

bool pubsub_is_missing(const struct stanza *answer)
{
    const struct xml_node *error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));

    return answer->type == IQ_ERROR && error != NULL
           && xml_child(error, STR(NS_STANZA_ERRORS), STR("item-not-found")) != NULL;
}
