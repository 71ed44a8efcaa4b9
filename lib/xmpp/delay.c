/* delay.c: the stamp of a delayed stanza. */
#include "xmpp/delay.h"

#include "base/datetime.h"
#include "xmpp/ns.h"

void delay_add(struct arena *a, struct xml_node *parent, struct str from, uint64_t at_ms)
{
    struct xml_node *delay = xml_add(a, parent, STR(NS_DELAY), STR("delay"));

    if (from.n > 0)
        xml_set(a, delay, STR("from"), from);
    xml_set(a, delay, STR("stamp"), datetime_text(a, at_ms));
}
