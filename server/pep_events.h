/* pep_events.h: who hears of a PEP node (XEP-0163 §4): the account's own devices and the contacts that see its
 * presence, as far as the node's access model allows and their clients asked for it.
 *
 * Threads: the home of the node's owner.
 */
#ifndef SOTTO_SERVER_PEP_EVENTS_H
#define SOTTO_SERVER_PEP_EVENTS_H

#include "server/home.h"
#include "server/routed.h"

/* May this account (bare) subscribe to events of the node? Reading an open node is for everybody; events of it go
 * to contacts only. */
bool pep_may_hear(const struct view *v, const struct pep_config *c, struct str bare);

void pep_notify(struct account *a, const struct pep_node *node, struct xml_node *event);
void pep_ask(struct session *s); /* its interests are known: newest items, please */
void pep_ask_of(struct account *a,
                struct str bare); /* the same for all its devices, of one contact */
void pep_send_newest(struct account *a, struct routed *ask); /* ROUTED_ASKING */

/* A new subscriber hears what the others have heard (XEP-0163 §4.3.4): he is told that the account shows itself to him from now on, and
 * his devices ask for what they want to know. At another server that is his server's to do. */
void pep_offer(struct account *a, struct str jid);
void pep_offered(struct account *a, const struct routed *offer); /* ROUTED_OFFERING */

/* <message type='headline'> with <event><items node=…/></event>; *out_items is where items go. */
struct xml_node *pep_event(struct arena *a, struct str from, struct str to, struct str node,
                           struct xml_node **out_items);
void pep_event_item(struct arena *a, struct xml_node *items, const struct pep_item *item,
                    bool payload);

#endif
