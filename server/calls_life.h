/* calls_life.h: one call at the callee's home: its ledger (jingle/ledger.h), its media, and what its end brings about.
 *
 * Owns: calls, of its home.  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_CALLS_LIFE_H
#define SOTTO_SERVER_CALLS_LIFE_H

#include "server/call_media.h"
#include "server/routed.h"

struct account;
struct home;

struct call {
    struct link in_account, in_home;
    struct account *callee; /* pinned; of a call to another server, the account that calls */
    struct str abroad;      /* who is called there, bare; n == 0: somebody here is */
    struct str far_alias,
        far_device; /* of the device on another server (call_alias.h), once known */
    struct ledger ledger;
    struct call_media media;
    bool ended;       /* and everybody was told */
    bool received;    /* the caller knows that a device got it */
    uint8_t late[2];  /* what each side has said that crossed the end: call_event.h */
    bool lost;        /* its process died, and nobody was there for too long: it ended at kept_ms */
    uint64_t kept_ms; /* when its row was written (call_kept.h) */
};

struct call *calls_new(struct account *callee, struct str caller,
                       const struct call_message *propose);
/* One in which people talk, of a process before this. Takes the ledger. */
struct call *calls_resume(struct account *callee, const struct ledger *l,
                          const struct call_media *m);
void calls_remove(struct call *c);

/* It has ended, was in the phase `before`. `said`: what ended it, or NULL; `text`: for a person, of an end that nobody said. */
void calls_ended(struct call *c, enum call_phase before, const struct call_saying *said,
                 struct str text);
/* Something that nobody said: if it ended the call, what belongs to it. */
void calls_happened(struct call *c, struct ledger_ruling r);

struct str calls_bare(struct str full);
/* Whose view the hook has. */
struct account *calls_account_of(const struct outcome *out);

#endif
