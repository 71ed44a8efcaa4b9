/* calls.h: the calls of the accounts of one home: what the gate (modules/calls.c) lets happen, and what time does.
 *
 *   caller's home                                callee's home
 *   calls_dial: a device of ours wants to call -> calls_ring: does anything ring?
 *                                                call: its ledger (jingle/ledger.h), from the propose to the end
 *   <- calls_tell: words and actions that the ledger lets pass, composed anew; call_record: how it went
 *
 * Devices see what is composed here and nothing else. While it rings, a call dies with the process: who waits hears nothing more,
 * which is what a lost connection looks like. One in which people talk is kept (call_kept.h).
 * Owns: nothing beside calls_life.h and calls_dial.h.  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_CALLS_H
#define SOTTO_SERVER_CALLS_H

#include "server/calls_life.h"

/* ---- For hooks: of the view's account ---- */

/* The call of this id to the account, or NULL. */
struct call *calls_of(struct outcome *out, struct str id, const struct jid *caller);
/* The call of this id by the account to somebody of another server, or NULL. Its ledger is here as well as there. */
struct call *calls_to(struct outcome *out, struct str id, const struct jid *abroad);
/* A word, or an action of Jingle, which may be changed. */
struct ledger_ruling calls_hear(struct outcome *out, struct call *c, struct call_saying *s,
                                struct jingle *action);
/* An answer to a request of ours, by its id: it is for nobody else. It is taken where the ledger is. */
bool calls_is_answer(const struct stanza *s);
enum call_answer {
    CALL_ANSWER_TAKEN,
    CALL_ANSWER_LATE,   /* of a call that was here */
    CALL_ANSWER_FORGED, /* of somebody who was asked nothing in this call: *out_call */
    CALL_ANSWER_UNKNOWN,
};
enum call_answer calls_take_answer(struct outcome *out, const struct stanza *answer,
                                   const struct call **out_call);
void calls_received(struct call *c, struct str device); /* a device has the propose */
void calls_caller_gone(struct outcome *out, struct str device);

/* ---- For the engine ---- */

void calls_device_came(struct session *s); /* bound or resumed */
void calls_device_gone(struct session *s); /* its session ends */
void calls_sweep(struct home *h);
void calls_free(struct home *h); /* the home ends */

#endif
