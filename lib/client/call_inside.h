/* call_inside.h: one engine's calls as the files of lib/client that carry them see them.
 *
 *   call.c          which calls there are, how they begin, wait and end
 *   call_words.c    Jingle messages: before anybody has answered        call_session.c  Jingle: afterwards
 *   call_seal.c     fingerprints sealed and opened                      call_record.c   what stays of a call in a chat
 */
#ifndef SOTTO_CLIENT_CALL_INSIDE_H
#define SOTTO_CLIENT_CALL_INSIDE_H

#include "client/arrival.h"
#include "client/call.h"
#include "omemo/dialect.h"

enum {
    ENDED_MAX = 256,
    MOVES_MAX = 2 * LEDGER_RESTARTS, /* of the anchor, by credentials of its own */
};

struct call {
    struct link link;
    struct arena arena;
    struct str id, peer;  /* bare JID */
    struct jid bare, far; /* far: their device; without resource: none has answered */
    enum call_side side;
    enum call_phase phase;
    unsigned media;
    uint64_t began_ms, talk_ms, deadline_ms;
    uint32_t device; /* theirs, of OMEMO; 0: not known */
    enum omemo version;
    enum entry_trust trust;
    struct jingle local, remote;   /* without contents: not described yet */
    const struct xml_node *sealed; /* their description, until its fingerprints are opened */
    struct jingle sealed_as;       /* the same as a struct */
    bool local_sent;
    unsigned moves;
    const struct xml_node *moved; /* where to the anchor has: not said to the media process yet */
};

struct calls {
    struct list list;
    struct arena arena;    /* of self */
    struct jid self;       /* full; a session that is resumed does not tell it again */
    struct notes ended;    /* ids: nothing rings twice */
    struct notes recorded; /* ids: what this device has written into the chat itself */
    size_t ended_count;
};

/* call.c */
struct call *call_of(const struct engine *c, struct str id);
struct call *call_new(struct engine *c, struct str id, const struct jid *peer, enum call_side side,
                      unsigned media); /* NULL: too many */
void call_enter(struct engine *c, struct call *call, enum call_phase phase);
void call_tell(struct engine *c, const struct call *call, enum call_news news, struct str text);
/* The call is gone afterwards. An outcome of CALL_UNDECIDED leaves nothing in the chat: it goes on elsewhere. */
void call_over(struct engine *c, struct call *call, enum call_outcome outcome, struct str why);
/* Tells the other side, too. */
void call_fail(struct engine *c, struct call *call, const char *reason, struct str why);
bool call_is_talking(const struct call *call); /* or about to: this device takes part */

/* call_words.c */
void call_say(struct engine *c, const struct call *call, enum call_word word, const char *reason);
bool call_message_came(struct engine *c, const struct arrival *m);

/* call_session.c */
bool call_iq_came(struct engine *c, struct arena *a, const struct stanza *iq);
void call_work(struct engine *c, struct call *call); /* whatever was waited for may be there */
void call_terminate(struct engine *c, struct call *call, const char *reason);

/* call_seal.c */
enum call_seal { CALL_SEAL_READY, CALL_SEAL_WAITS, CALL_SEAL_FAILS };
/* Whether fingerprints can be sealed for the device that answered; FAILS: *out_why, a sentence. */
enum call_seal call_seal_ready(struct engine *c, struct call *call, struct str *out_why);
/* A copy of j whose fingerprints are sealed, or are not if nobody could open them. False: a session is gone. */
bool call_seal_all(struct engine *c, struct arena *a, struct call *call, const struct jingle *j,
                   struct jingle *out);
/* Opens those of j in place. */
enum call_seal call_open_all(struct engine *c, struct call *call, struct jingle *j,
                             struct str *out_why);

#endif
