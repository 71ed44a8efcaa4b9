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

/* A message that the call gate has composed. notes: NOTE_GATE, NOTE_RECORD, NOTE_GONE or NOTE_DIRECT. until_ms: nobody gets it later; 0: ever. */
void router_emit_composed(struct home *h, const struct xml_node *node, unsigned notes,
                          uint64_t until_ms);

/* The same, by the way of a caller's own words, so that it does not overtake them. */
void router_emit_behind(struct home *h, const struct xml_node *node, unsigned notes);

/* The view is there, or the account does not exist: go on with what waits. */
void router_account_ready(struct account *a);

/* The keys that a handler waits for are there. */
void router_derived(struct routed *r);

/* To the home where it is judged. */
void router_post(struct home *h, struct routed *r);
/* The same, but never at once: behind what has been posted to that home. */
void router_post_behind(struct home *h, struct routed *r);

void router_receive(struct home *h, struct routed *r);

#endif
