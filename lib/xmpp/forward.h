/* forward.h: Stanza Forwarding (XEP-0297): a stanza inside another, as in carbons and archives.
 *
 * Owns: nothing.  Threads: pure.  Units: milliseconds since 1970.
 */
#ifndef SOTTO_XMPP_FORWARD_H
#define SOTTO_XMPP_FORWARD_H

#include "xml/tree.h"

/* Adds <forwarded/> as the last child and returns it; the stanza belongs to no other parent. */
struct xml_node *forward_add(struct arena *a, struct xml_node *parent, struct xml_node *stanza);
/* The same for a stanza of an earlier time, which is told before it (XEP-0297 §3). */
struct xml_node *forward_add_stored(struct arena *a, struct xml_node *parent, uint64_t at_ms,
                                    struct xml_node *stanza);

#endif
