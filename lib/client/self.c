/* self.c: that we are here, and what we can (RFC 6121 §4, XEP-0115, XEP-0030). */
#include "client/engine_inside.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"

/* What is not here is not sent to us: `+notify` asks for the events of a node of every contact (XEP-0163 §4.3.4). */
static const struct str features[] = {
    STR_INIT(NS_CAPS),
    STR_INIT(NS_DISCO_INFO),
    STR_INIT(NS_PING),
    STR_INIT(NS_RECEIPTS),
    STR_INIT(NS_MARKERS),
    STR_INIT(NS_CHATSTATES),
    STR_INIT(NS_CORRECT),
    STR_INIT(NS_REPLY),
    STR_INIT(NS_RETRACT),
    STR_INIT(NS_REACTIONS),
    STR_INIT(NS_EPHEMERAL),
    STR_INIT(NS_MDS "+notify"),
    STR_INIT(NS_BOOKMARKS "+notify"),
    STR_INIT(NS_OMEMO_DEVICES "+notify"),
    STR_INIT(NS_OMEMO_LEGACY_DEVICES "+notify"),
};

static void describe(struct engine *c, struct arena *a, struct xml_node *query)
{
    disco_identity(a, query, STR("client"), STR("console"), c->config.software);
    for (size_t i = 0; i < COUNT_OF(features); i++)
        disco_feature(a, query, features[i]);
    for (size_t i = 0; c->call_hooks != NULL && i < c->call_hooks->feature_count; i++)
        disco_feature(a, query, c->call_hooks->features[i]);
}

static struct str caps_hash(struct engine *c, struct arena *a)
{
    struct xml_node *query = xml_new(a, STR(NS_DISCO_INFO), STR("query"));
    struct str hash = STR_NONE;

    describe(c, a, query);
    if (disco_caps_hash(a, query, &hash) != ERR_NONE)
        return STR_NONE; /* our own list is well-formed */
    return hash;
}

void self_announce(struct engine *c)
{
    struct arena a = { 0 };
    struct xml_node *p = stanza_new(&a, STANZA_PRESENCE, NULL, STR_NONE, STR_NONE, STR_NONE);
    struct xml_node *caps = xml_add(&a, p, STR(NS_CAPS), STR("c"));

    xml_set(&a, caps, STR("hash"), STR("sha-1"));
    xml_set(&a, caps, STR("node"), STR(CAPS_NODE));
    xml_set(&a, caps, STR("ver"), caps_hash(c, &a));
    engine_send(c, p, 0);
    arena_deinit(&a);
}

/* XEP-0115 §6.2: to `node#ver`, and to no node at all. */
bool self_described(struct engine *c, struct arena *a, const struct stanza *iq)
{
    struct xml_node *reply, *query;
    struct str node;

    if (iq->type != IQ_GET || iq->payload == NULL
        || !xml_is(iq->payload, STR(NS_DISCO_INFO), STR("query")))
        return false;
    reply = stanza_result(a, iq);
    query = xml_add(a, reply, STR(NS_DISCO_INFO), STR("query"));
    node = xml_get(iq->payload, STR("node"));
    if (node.n > 0)
        xml_set(a, query, STR("node"), node);
    describe(c, a, query);
    engine_send(c, reply, 0);
    return true;
}
