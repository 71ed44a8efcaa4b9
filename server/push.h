/* push.h: devices that sleep are woken through the app servers that they named (XEP-0357).
 *
 *   a message is archived, a call rings -> who has asked (store) -> who of them sleeps -> iq to the app server
 *   what it answers, or the router in its place -> the registration works, has to wait, or is gone
 *
 * A push says that there is something, and of a call that it is one. It holds nothing of sender, words or number, because none of
 * it is known here. A device that does not come is woken more and more seldom; one that comes, at once again.
 * Owns: what is known of devices, in their account; pushes under way, in the home.  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_PUSH_H
#define SOTTO_SERVER_PUSH_H

#include "server/home.h"
#include "xmpp/stanza.h"

enum {
    PUSH_GAP_MS = 10 * 1000,          /* between two pushes for messages, then twice as long, ... */
    PUSH_GAP_MAX_MS = 10 * 60 * 1000, /* ... up to this, until the device comes */
    PUSH_ACK_MS = 10 * 1000, /* a device that is connected has so long to acknowledge a message */
    PUSH_ANSWER_MS = 60 * 1000,      /* an app server that has not answered by then will not */
    PUSH_RETRY_MS = 60 * 1000,       /* after an error that may pass, then twice as long, ... */
    PUSH_RETRY_MAX_MS = 3600 * 1000, /* ... up to this */
    PUSH_FAILURES_MAX = 16,          /* so many of them in a row, and it is gone */
    PUSHES_UNDER_WAY = 4096,         /* of one home */
};

/* Committed: something at this archive position that a person wants to see now. */
void push_archived(struct account *a, uint64_t seq);
/* A call rings. Every registered device that is not there gets one push for it. */
void push_ring(struct account *a);

void push_device_came(struct session *s); /* bound or resumed */
void push_device_gone(
    struct session *s); /* its connection has ended: what it has not acknowledged waits */

/* True if it answers a push; the home that sent it. */
bool push_is_answer(const struct stanza *s, unsigned homes, unsigned *out_home);
void push_answered(struct home *h, const struct stanza *answer);

bool push_may_forget(const struct account *a); /* no device of it has to be spared pushes */
void push_forget(struct account *a);
void push_sweep(struct home *h);
void push_free(struct home *h); /* the home ends */

#endif
