/* calls_direct.h: a call of a client that does not ask first (without XEP-0353): its server asks in its place.
 *
 *   caller's device          caller's home                                    callee's home
 *   session-initiate  --->   answered; the offer is kept, a propose of ours   --->  the gate, as of any propose
 *                     <---   session-info: it rings                    <--- ringing
 *                            the offer, as it was written anew         <--- proceed
 *                                                                      ---> the gate, as of any session-initiate
 *   session-terminate --->   retract                                   --->
 *                     <---   session-terminate                         <--- reject, finish; or nobody answered in time
 *
 * Nothing depends on the callee but what he does: whether he rings, blocks, or exists, looks the same from there. Such a caller
 * has chosen a device, and goes on speaking to it, whichever accepts (ledger_address()).
 * Owns: offers, bounded for each home.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALLS_DIRECT_H
#define SOTTO_SERVER_CALLS_DIRECT_H

#include "server/calls_dial.h"

/* ---- For HOOK_OUT: of the view's account ---- */

bool calls_direct_has_room(struct outcome *out);
/* calls_dial() has allowed it: `called` is the device that the offer was addressed to. */
void calls_direct_ask(struct outcome *out, struct str called, const struct jingle *offer);

enum direct_heard {
    DIRECT_NOT,   /* it is about no such call, or about one that somebody has accepted */
    DIRECT_TAKEN, /* to be answered as done */
    DIRECT_LATE,  /* it crosses the end that the device was told */
    DIRECT_REFUSED,
    DIRECT_EXCESS, /* likewise, and the call has ended */
};
/* An action of the device, while it rings. */
enum direct_heard calls_direct_hear(struct outcome *out, struct str device, struct str to,
                                    const struct jingle *j);
/* The media are in clear: whoever is called, the device hears why there is no call. */
void calls_direct_decline(struct outcome *out, struct str device, struct str called,
                          struct str sid);

/* ---- For calls_dial.c ---- */

static inline bool dialled_is_direct(const struct dialled *d)
{
    return d->direct.called.n > 0;
}
/* What the gate has composed for the device. False: it is not to get it, as it has heard of it in its own words. The call may
 * have ended with it, and d. */
bool calls_direct_told(struct dialled *d, const struct stanza *s);
void calls_direct_end(struct dialled *d, const char *reason);
void calls_direct_deinit(struct dialled *d);

#endif
