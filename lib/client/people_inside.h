/* people_inside.h: what the files about people share.
 *
 *   people.c    who somebody is to us      contacts.c  the roster       there.c  who is there
 *   decisions.c what the person decides    wishes.c    until the server has answered it
 *
 *   blocks.c    who is kept out
 *   strangers.c what waits for a decision  shelf.c  of it, what our server keeps
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_PEOPLE_INSIDE_H
#define SOTTO_CLIENT_PEOPLE_INSIDE_H

#include "client/engine_inside.h"
#include "client/people.h"

/* ---- people.c: what only we know of somebody; the numbers are in stores ---- */

enum person_flag {
    PERSON_WROTE = 1,    /* something was written to them, here or on another device of ours */
    PERSON_ASKS = 2,     /* to see us */
    PERSON_EXPECTED = 4, /* to ask: who could not be granted it beforehand is then */
    PERSON_HELD = 8,     /* a stranger with messages that wait */
    PERSON_NEW = 16,     /* of our own server: the person was asked about them */
    PERSON_REFUSED = 32, /* not heard any more */
};

uint32_t person_flags(const struct engine *c, struct str bare);
void person_change(struct engine *c, struct str bare, uint32_t set, uint32_t clear);
bool person_next(const struct engine *c, size_t *cursor, struct str *out_bare, uint32_t *out_flags);
bool people_is_chosen(const struct engine *c, struct str bare); /* a contact, or to become one */
/* Something was written to them, here or on another device of ours: no stranger any more. */
void people_wrote(struct engine *c, struct str bare);
void people_load(struct engine *c);
void people_tell(struct engine *c, enum contact_change change, struct str bare, struct str text);
struct str people_cut(struct str text,
                      size_t max); /* at most so many octets, in whole characters */
/* What an error says, in words. */
struct str people_why(struct arena *a, const struct stanza *error);
/* Who asks to see us, and how others answer us. */
void people_subscription(struct engine *c, const struct stanza *presence);

/* ---- strangers.c ---- */

void strangers_release(struct engine *c, struct str bare);
void strangers_refuse(struct engine *c, struct str bare);
void strangers_drop(struct engine *c, struct str bare); /* nothing of them waits any more */
/* False: no message there. */
bool strangers_archive_id(const struct engine *c, struct str bare, int place, struct str *out);

/* ---- decisions.c: a wish was written ---- */

void decided(struct engine *c);

/* ---- blocks.c ---- */

struct wish;
void blocks_online(struct engine *c);
struct xml_node *blocks_change(const struct engine *c, struct arena *a, const struct wish *w,
                               bool on);

/* ---- contacts.c: a row of the roster as the server has it ---- */

struct roster_row {
    struct contact contact;
    struct bytes groups; /* texts of record.h: other programs' (RFC 6121 §2.1.2.2) */
};
bool contacts_row(const struct engine *c, struct str bare, struct roster_row *out);

/* ---- there.c ---- */

void there_came(struct engine *c, const struct stanza *presence);
void there_of(const struct engine *c, struct str bare, struct contact *out);
void there_forget(struct engine *c); /* everybody's */
void there_forget_one(struct engine *c, struct str bare);

/* ---- wishes.c: one row for each person; the numbers are in stores ---- */

enum wish_bit { /* in the order in which they go out */
                WISH_REMOVE = 1,
                WISH_LIST = 2, /* with this name */
                WISH_APPROVE = 4,
                WISH_PREAPPROVE = 8,
                WISH_SUBSCRIBE = 16,
                WISH_REFUSE = 32,
                WISH_UNBLOCK = 64,
                WISH_BLOCK = 128,
};
enum { WISH_BITS = 8 };

struct wish {
    struct str jid;
    uint32_t wants;
    uint64_t number; /* of the decision: an answer to an older one ends nothing */
    struct str name, token;
    uint8_t reason;        /* of a block: enum report_reason */
    struct bytes evidence; /* texts of record.h: ids of our archive */
};

struct wish wish_of(const struct engine *c, struct str jid); /* wants == 0: none */
bool wish_next(const struct engine *c, size_t *cursor, struct wish *out);
void wish_decide(struct engine *c, const struct wish *w);
void wishes_load(struct engine *c);
void wishes_online(struct engine *c); /* a new session: whatever was on its way was not answered */
void wishes_work(struct engine *c);

#endif
