/* access.h: who may log in to the account: its clients, and the passwords beside its own (XEP-0494, urn:sotto:credentials:0).
 *
 * Each call asks the server, so it is for when the account is online; one ENGINE_ACCESS answers it, also if the connection ends first.
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_ACCESS_H
#define SOTTO_CLIENT_ACCESS_H

#include "client/engine.h"

struct access_info { /* texts live until the list is asked for again */
    struct str id;
    bool is_password; /* one beside the account's; else a client */
    bool limited;     /* may not decide who gets in */
    struct str name, software;
    bool connected;
    uint64_t first_ms, last_ms; /* 0: never */
    struct str via;      /* of a client: the password by which it came; empty: the account's */
    bool knows_password; /* of the account: taking it back takes a new one */
};

void engine_ask_access(struct engine *c);
bool engine_next_access(const struct engine *c, size_t *cursor, struct access_info *out);

/* `limited`: for an app that is not ours. The event has the new one's id and the password, which nobody tells again. */
void engine_make_password(struct engine *c, struct str name, bool limited);
void engine_revoke_access(struct engine *c, struct str id);

#endif
