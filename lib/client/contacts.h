/* contacts.h: the people of an account, as its server keeps them.
 *
 * Owns: nothing; texts are views of the engine's memory until the next call that changes it.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_CONTACTS_H
#define SOTTO_CLIENT_CONTACTS_H

#include "client/engine.h"

enum subscription {
    SUBSCRIPTION_NONE = 0,
    SUBSCRIPTION_TO = 1,
    SUBSCRIPTION_FROM = 2,
    SUBSCRIPTION_BOTH = 3
};

struct contact {
    struct str jid, name;
    enum subscription subscription;
    bool asked; /* ours to see them waits for their answer */
};

bool engine_contact(const struct engine *c, struct str bare, struct contact *out);
/* All of them, in no order; start with *cursor = 0. */
bool engine_next_contact(const struct engine *c, size_t *cursor, struct contact *out);

#endif
