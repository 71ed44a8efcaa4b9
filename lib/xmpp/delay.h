/* delay.h: Delayed Delivery (XEP-0203): when a stanza was first received.
 *
 * Owns: nothing.  Threads: pure.  Units: milliseconds since 1970.
 */
#ifndef SOTTO_XMPP_DELAY_H
#define SOTTO_XMPP_DELAY_H

#include "xml/tree.h"

/* Adds <delay/> as the last child. `from` is who held the stanza back; empty, it is left out. */
void delay_add(struct arena *a, struct xml_node *parent, struct str from, uint64_t at_ms);

#endif
