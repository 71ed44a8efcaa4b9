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

/* What is to be sent, of whatever kind. It is copied.
 *
 * In OMEMO 2 the children of `content` are sealed as a whole (XEP-0420); NULL: a <body/> with `text`.
 * OMEMO 0.3 carries nothing but text: `text` is what is sealed there, and if it is empty, devices of 0.3 get nothing. The children of
 * `beside` then stand beside what is sealed, readable for servers: replace, reply, fallback, retract, ephemeral. NULL: none.
 * `entry` is added to the chat now; what the outbox itself knows (id, author, time …) need not be set. With kind 0 nothing is,
 * neither now nor when it is sent. */
struct outgoing {
    struct jid to; /* bare */
    struct str id; /* empty: made here */
    struct str text;
    const struct xml_node *content, *beside;
    struct entry entry;
    bool is_shown; /* its entry is in the chat already: what becomes of it is told, no more */
    /* 0: for all devices of both sides; else for this one of `to` if its key is authentic, or for all of `to` that are. */
    uint32_t only;
};

enum { OUTBOX_AUTHENTIC = 0x7fffffff + 1u }; /* no device has this id */

/* Part of a round: who is called from outside ends it (engine_end_round). out_id is in the caller's arena.
 * ERR_MALFORMED: no person's bare address, nothing to send, or text that XML cannot carry; ERR_TOO_BIG. */
CHECKED enum err outbox_add(struct engine *c, struct arena *a, const struct outgoing *o,
                            struct str *out_id);

enum { JOB_STANZAS = 2 }; /* one for each version of OMEMO that a recipient needs */

struct job {
    struct link link;
    struct arena arena;
    uint64_t number;
    struct jid to;
    struct str id, text;
    struct xml_node *content, *beside; /* until it is sealed */
    uint32_t only;
    enum entry_kind kind; /* of its entry; 0: nobody is told of it */
    uint64_t time_ms;
    struct xml_node *stanzas[JOB_STANZAS]; /* sealed; NULL: not needed */
    enum entry_trust trust; /* of the recipient's device that is trusted least, once it is sealed */
    bool sealed, in_line[JOB_STANZAS], acked[JOB_STANZAS];
};

void outbox_load(struct engine *c); /* from the book */
void outbox_forget(struct engine *c);
/* Somebody refused the stanza with this id that was sent to `from`: our server, before it took it; or, later, theirs. */
void outbox_refused(struct engine *c, const struct jid *from, struct str id, struct str why);

/* seal.c */
enum seal { SEALED, SEAL_WAITS, SEAL_IMPOSSIBLE };
enum seal seal_job(struct engine *c, struct job *j, struct str *out_why);

#endif
