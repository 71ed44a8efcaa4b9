/* forward.c: the <forwarded/> wrapper. */
#include "xmpp/forward.h"

#include "xmpp/delay.h"
#include "xmpp/ns.h"

struct xml_node *forward_add(struct arena *a, struct xml_node *parent, struct xml_node *stanza)
{
    struct xml_node *forwarded = xml_add(a, parent, STR(NS_FORWARD), STR("forwarded"));

    xml_append(forwarded, stanza);
    return forwarded;
}

struct xml_node *forward_add_stored(struct arena *a, struct xml_node *parent, uint64_t at_ms,
                                    struct xml_node *stanza)
{
    struct xml_node *forwarded = xml_add(a, parent, STR(NS_FORWARD), STR("forwarded"));

    delay_add(a, forwarded, STR_NONE, at_ms);
    xml_append(forwarded, stanza);
    return forwarded;
}
