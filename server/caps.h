/* caps.h: which PEP events a client asked for by its entity capabilities (XEP-0115, XEP-0163 §4.3).
 *
 * A presence names a hash of the client's disco#info; what the hash stands for is asked from the first client that
 * shows it, checked, and kept for all. An answer that does not fit its hash counts for that client alone, so nobody
 * can poison what others are taken for.
 * Owns: feature lists, counted.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CAPS_H
#define SOTTO_SERVER_CAPS_H

#include "server/session.h"

struct caps {
    unsigned refs;
    struct str ver; /* its hash; the texts follow in the same memory */
    size_t count;
    struct str nodes[]; /* of its "+notify" features */
};

struct caps_cache;
struct caps_cache *caps_cache_new(const struct random *random);
void caps_cache_free(struct caps_cache *c);

void caps_presence(struct session *s, const struct xml_node *presence);
bool caps_answer(struct session *s, const struct stanza *iq); /* true: it answered our question */
bool caps_wants(const struct session *s, struct str node);
struct str caps_announced(const struct session *s); /* the hash of its software; empty: none */
void caps_forget(struct session *s);

#endif
