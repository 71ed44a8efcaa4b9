/* arrival.h: a message on its way in, from whichever place, and what it means.
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_ARRIVAL_H
#define SOTTO_CLIENT_ARRIVAL_H

#include "client/engine_inside.h"

struct arrival {
    const struct stanza *stanza;
    struct jid from, to;     /* bare */
    struct str author, chat; /* the same as text: who wrote, and in which chat */
    bool outgoing;           /* from another device of ours */
    bool old;                /* out of the archive: it has been answered, or waits no more */
    uint64_t time_ms;
    uint64_t said_ms; /* by the author's clock, sealed with the text (XEP-0420); 0: not told */
    struct str archive_id;
    uint32_t device;
    enum entry_encryption encryption;
    enum entry_trust trust;
    const struct identity_key *key; /* of the device; NULL: it did not seal anything */
};

/* content.c */
struct entry arrival_entry(const struct arrival *m, enum entry_kind kind);
void content_came(struct engine *c, const struct arrival *m, const struct xml_node *content);
void content_beside(struct engine *c, const struct arrival *m);
void content_refused(struct engine *c, struct arena *a, const struct stanza *error);

#endif
