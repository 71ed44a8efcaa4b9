/* people.h: the people of an account: who they are to us, and what the person decides about them.
 *
 * A decision is a row until the server has answered it: it may be made without a connection, goes out with the next one and
 * survives the program. What becomes of it is told by ENGINE_CONTACT.
 *
 * Owns: nothing; texts are views of the engine's memory until the next call that changes it, names and statuses are hostile.
 * Threads: as engine.h.
 * Errors: ERR_MALFORMED: no address of a person, our own, or no name; ERR_TOO_BIG; ERR_MISSING: nobody like that.
 */
#ifndef SOTTO_CLIENT_PEOPLE_H
#define SOTTO_CLIENT_PEOPLE_H

#include "client/engine.h"

enum subscription {
    SUBSCRIPTION_NONE = 0,
    SUBSCRIPTION_TO = 1,
    SUBSCRIPTION_FROM = 2,
    SUBSCRIPTION_BOTH = 3
};

enum show { SHOW_OFFLINE, SHOW_XA, SHOW_DND, SHOW_AWAY, SHOW_ONLINE, SHOW_CHAT };

struct contact {
    struct str jid, name;
    enum subscription subscription;
    bool listed;    /* a contact; else somebody who asks to become one */
    bool asked;     /* our question to see them waits for their answer */
    bool asks;      /* theirs to see us waits for the person's */
    bool approved;  /* theirs will be granted (RFC 6121 §3.4) */
    bool waiting;   /* the server does not know yet what the person decided */
    enum show show; /* of the device that would get a call first */
    struct str status;
};

bool engine_contact(const struct engine *c, struct str bare, struct contact *out);
/* All of them, in no order; start with *cursor = 0. */
bool engine_next_contact(const struct engine *c, size_t *cursor, struct contact *out);

/* Both see each other if they agree. An empty name keeps the one that there is. */
CHECKED enum err engine_add_contact(struct engine *c, const struct jid *jid, struct str name);
/* The same of who has invited us: the token spares them the question (XEP-0379). */
CHECKED enum err engine_add_inviter(struct engine *c, const struct jid *jid, struct str token);
CHECKED enum err engine_rename_contact(struct engine *c, const struct jid *jid, struct str name);
CHECKED enum err engine_remove_contact(struct engine *c, const struct jid *jid);
/* Whoever asks to see us, and is seen in turn, or not. */
CHECKED enum err engine_answer(struct engine *c, const struct jid *jid, bool accept);

/* ---- Messages of people whom the person has not chosen ---- */

struct message_request {
    struct str jid;
    bool
        held; /* its messages wait; else somebody of our own server, whose messages are in the chat */
    size_t count;     /* of those that wait */
    uint64_t time_ms; /* of the first one, */
    struct str text;  /* its text, hostile, and whom it is from */
    enum entry_trust trust;
};

bool engine_next_request(const struct engine *c, size_t *cursor, struct message_request *out);
/* Accepted: a contact whose messages join the chat, and who may see when we are there. Refused: not heard any more, until the person
 * writes to them. ERR_MISSING: nobody like that has written. */
CHECKED enum err engine_answer_stranger(struct engine *c, const struct jid *jid, bool accept);

/* ---- Blocks (XEP-0191) ---- */

enum { REPORT_IDS_MAX = 20, REPORT_ID_MAX = 60 };

enum report_reason { REPORT_NONE = 0, REPORT_SPAM = 1, REPORT_ABUSE = 2 };

struct report {
    enum report_reason reason;
    const struct str *ids; /* of messages in our archive, as far as the server may look at them */
    size_t id_count;
};

/* Not heard any more, and not answered; a domain keeps out everybody there. ERR_MALFORMED: we ourselves, or our own server;
 * ERR_MISSING: was not blocked. `report` tells the operator why (XEP-0377); NULL: nobody. */
CHECKED enum err engine_block(struct engine *c, const struct jid *jid, bool on,
                              const struct report *report);
bool engine_next_blocked(const struct engine *c, size_t *cursor, struct str *out);

/* Something about them has not reached the server yet, or was not answered. */
bool engine_waits_for(const struct engine *c, struct str jid);

/* ---- For the other files of lib/client ---- */

/* They may learn that we are there, and what we have received or read: receipts, markers, typing. */
bool people_may_know(const struct engine *c, struct str bare);
/* Nobody whom the person has chosen in any way, and nobody of our own server, who came by an invitation: what they send waits. */
bool people_is_stranger(const struct engine *c, struct str bare);
bool people_is_blocked(const struct engine *c, const struct jid *from);
/* Nothing is sent to them but what the person writes: whom nobody has chosen or written to, and who was refused. */
bool people_is_quiet(const struct engine *c, struct str bare);
/* True: this entry, or event, is not for the person now. */
bool strangers_take(struct engine *c, const struct entry *e);
bool strangers_hush(const struct engine *c, const struct engine_event *e);

#endif
