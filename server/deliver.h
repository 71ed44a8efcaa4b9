/* deliver.h: from a routed stanza to the sessions of its account (RFC 6121 §8.5), carbons included.
 *
 * Threads: the account's home.
 */
#ifndef SOTTO_SERVER_DELIVER_H
#define SOTTO_SERVER_DELIVER_H

#include "server/routed.h"
#include "server/session.h"

void deliver_stanza(struct routed *r);       /* at the target home, after the commit */
void deliver_sent_carbons(struct routed *r); /* at the origin, to the sender's other devices */

/* The copy of a message for another device (XEP-0280 §7): from and to are the account's own bare address. */
struct blob *carbon_wrap(struct arena *a, struct str bare, enum wrapping wrapping,
                         struct xml_node *inner);

#endif
