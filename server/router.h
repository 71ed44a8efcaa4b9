/* router.h: where stanzas go (RFC 6120 §10, RFC 6121 §8) and in what order their effects happen.
 *
 * Threads: the home's.  See routed.h for the way of one stanza.
 */
#ifndef SOTTO_SERVER_ROUTER_H
#define SOTTO_SERVER_ROUTER_H

#include "server/home.h"
#include "server/routed.h"

/* A stanza of a bound session. Takes the arena that holds it. */
void router_submit(struct session *s, struct xml_node *node, struct arena *arena, size_t bytes);

/* A stanza of our own making, `from` and `to` set; copied. pep_node: see routed.h, else STR_NONE. */
void router_emit(struct home *h, const struct xml_node *node, struct str pep_node);

/* The view is there, or the account does not exist: go on with what waits. */
void router_account_ready(struct account *a);

/* The keys that a handler waits for are there. */
void router_derived(struct routed *r);

void router_receive(struct home *h, struct routed *r);

#endif
