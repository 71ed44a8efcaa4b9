/* calls_dial.h: a call at the caller's home, from the wish of a device until the record of how it went.
 *
 * Owns: what was dialled, of its home.  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_CALLS_DIAL_H
#define SOTTO_SERVER_CALLS_DIAL_H

#include "base/blob.h"
#include "server/calls_life.h"

/* Of a device that does not ask first (calls_direct.h). */
struct direct {
    struct str called;  /* full JID that it called; n == 0: it has asked */
    struct blob *offer; /* its session-initiate, written anew, until somebody accepts; NULL: none */
    unsigned infos;
    bool ended; /* and the device knows */
};

struct dialled {
    struct link in_account, in_home;
    struct account *caller; /* pinned */
    struct arena arena;
    struct str id, device, callee; /* full, bare */
    unsigned media;
    uint64_t at_ms;
    bool accepted;
    struct direct direct;
};

/* ---- For hooks: of the view's account ---- */

/* In HOOK_OUT: a device of the account wants to call. */
enum call_limit calls_dial(struct outcome *out, struct str device, struct str callee,
                           const struct call_message *propose);
void calls_dial_retracted(struct outcome *out, struct str id, struct str device); /* it gives up */
bool calls_dialling(struct outcome *out,
                    struct str id);          /* it has dialled this, and there is no record yet */
void calls_dial_strike(struct outcome *out); /* it has said what no honest client says */
/* The record of something that was dialled here, which ends with it. False: it was not. */
bool calls_dial_hang_up(struct outcome *out, struct str id);

/* ---- For the engine ---- */

struct dialled *calls_dialled(struct account *a, struct str id); /* or NULL */
/* The newest that the account has dialled to the other one and nobody has answered, or NULL. */
struct dialled *calls_dialled_to(struct account *a, struct str callee);
/* Something composed by the gate is about to reach the account's devices. False: it is not to. */
bool calls_dial_composed(struct account *a, const struct stanza *s);
/* A call in which people talk, of a process before this. */
void calls_dial_resume(struct account *caller, const struct ledger *l, struct str callee);
void calls_dial_device_gone(struct session *s);
void calls_dial_sweep(struct home *h);
void calls_dial_free(struct home *h); /* the home ends */

#endif
