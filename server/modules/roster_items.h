/* roster_items.h: one contact as XML, the pushes that tell of its change (RFC 6121 §2.1), room for more. For modules that
 * change rosters. */
#ifndef SOTTO_SERVER_ROSTER_ITEMS_H
#define SOTTO_SERVER_ROSTER_ITEMS_H

#include "server/module.h"

void roster_item_write(struct arena *a, struct xml_node *query, const struct roster_item *item);
struct roster_item roster_item_copy(struct arena *a, const struct roster_item *item); /* deep */
void roster_push(struct outcome *out, const struct roster_item *item);
void roster_push_gone(struct outcome *out, const struct roster_item *item);

/* The version after the present one. It is a time where that is later, so that neither a store that was restored nor an
 * account of the same name, made anew, comes to a version that a client keeps another list under. */
uint64_t roster_next_version(const struct incoming *in);

/* Contacts, and strangers whose request waits for an answer: each has a limit of its own. */
bool roster_is_full(const struct incoming *in);
bool roster_requests_full(const struct incoming *in);

#endif
