/* seal.h: what leaves encrypted: messages of the outbox, and the empty ones that keep sessions going.
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_SEAL_H
#define SOTTO_CLIENT_SEAL_H

#include "client/outbox.h"
#include "omemo/encrypted.h"

struct seal_target {
    enum omemo version;
    struct str bare;
    uint32_t device;
    size_t session; /* 0: the current one */
};

/* The secret for one device; its session has advanced in the book. False: there is no session. */
bool seal_key(struct engine *c, struct arena *a, const struct seal_target *t, struct bytes secret,
              struct encrypted_key *out);
struct xml_node *seal_wrap(struct arena *a, const struct jid *to, struct str id, enum omemo version,
                           struct xml_node *encrypted);

#endif
