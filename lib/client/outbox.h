/* outbox.h: what a person has written and the server does not have yet. It survives the connection and the program.
 *
 *   written -> [device lists, bundles] -> sealed -> handed to the line -> acknowledged: gone
 *
 * Sealing happens once: what is sent again is the same octets with the same origin-id, so that the server (XEP-0359) and the ratchets
 * of the recipients see that it is the same.
 * Owns: its jobs.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_OUTBOX_H
#define SOTTO_CLIENT_OUTBOX_H

#include "client/engine_inside.h"

enum { JOB_STANZAS = 2 }; /* one for each version of OMEMO that a recipient needs */

struct job {
    struct link link;
    struct arena arena;
    uint64_t number;
    struct jid to;
    struct str id, text;
    uint64_t time_ms;
    struct xml_node *stanzas[JOB_STANZAS]; /* sealed; NULL: not needed */
    bool sealed, in_line[JOB_STANZAS], acked[JOB_STANZAS];
};

void outbox_load(struct engine *c); /* from the book */
void outbox_forget(struct engine *c);
/* The server refused the stanza with this id. */
void outbox_refused(struct engine *c, struct str id, struct str why);

/* seal.c */
enum seal { SEALED, SEAL_WAITS, SEAL_IMPOSSIBLE };
enum seal seal_job(struct engine *c, struct job *j, struct str *out_why);

#endif
