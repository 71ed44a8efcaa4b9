/* pubsub.h: publishing on our account's nodes and reading those of others (XEP-0060, XEP-0163).
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_PUBSUB_H
#define SOTTO_CLIENT_PUBSUB_H

#include "client/engine_inside.h"

struct pubsub_item {
    struct str node, id;
    bool many; /* the node keeps all its items, not the last one */
    bool own;  /* nobody but our own account reads it (XEP-0223); else everybody does */
    /* NULL, or to be called when the server has it, or will not (false): token is the caller's. */
    void (*done)(struct engine *c, const struct pubsub_item *item, bool published);
    uint32_t token;
};

/* Kept (XEP-0384 asks for it). A node that somebody set up otherwise is set right. */
void pubsub_publish(struct engine *c, const struct pubsub_item *item,
                    const struct xml_node *payload);

/* Takes the item back; it is done, too, if there is none. The others are told. */
void pubsub_retract(struct engine *c, const struct pubsub_item *item);

/* The items of a node, or one of them; `done` gets the iq. */
void pubsub_fetch(struct engine *c, struct request *r, const struct jid *of, struct str node,
                  struct str item_id);
/* The payload of the item with this id, or of the first if it is empty. NULL: none, or an error. */
const struct xml_node *pubsub_payload(const struct stanza *answer, struct str item_id);
bool pubsub_is_missing(const struct stanza *answer); /* item-not-found: it was never published */

#endif
