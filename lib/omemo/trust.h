/* trust.h: whether to encrypt to a device. Pure decisions; the program stores one enum trust per
 * identity key and asks people.
 *
 * Blind trust before verification: as long as nobody was verified, a new device is trusted, so that
 * people need not know what a key is. From the first verification in an account on, its new devices
 * wait for approval: who took the trouble once wants to know. Every new device is an event that
 * people see, in either case, and stays in the history of the chat (ENTRY_DEVICE).
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_OMEMO_TRUST_H
#define SOTTO_OMEMO_TRUST_H

#include "base/str.h"

enum trust {
    TRUST_UNDECIDED,  /* nobody has said anything, and policy does not */
    TRUST_TRUSTED,    /* by policy, or approved without comparing */
    TRUST_VERIFIED,   /* compared: by code, safety number or fingerprint */
    TRUST_DISTRUSTED, /* refused by a person */
};

enum trust_policy { TRUST_BLIND_BEFORE_VERIFICATION, TRUST_ALWAYS_ASK };

/* What a new key in a device list or a first message means to people. A known device with another key
 * is something else: remote.h refuses it (ERR_CONFLICT), and it is to be shown as an alarm. */
enum trust_event {
    TRUST_EVENT_NEW_DEVICE,     /* to be shown */
    TRUST_EVENT_NEEDS_APPROVAL, /* to be shown, and asked about */
};

struct trust_account { /* what is stored about an account's keys */
    enum trust_policy policy;
    bool has_verified;
};

enum trust trust_of_new_key(const struct trust_account *account, enum trust_event *out_event);

enum trust_action { TRUST_APPROVE, TRUST_VERIFY, TRUST_DISTRUST, TRUST_FORGET };
/* Approving does not undo a comparison. */
enum trust trust_after(enum trust before, enum trust_action action);

static inline bool trust_allows(enum trust t)
{
    return t == TRUST_TRUSTED || t == TRUST_VERIFIED;
}

/* Sending to an account, or to a room: the devices counted by trust, those without a bundle apart. */
struct trust_tally {
    unsigned undecided, trusted, verified, distrusted;
};

enum trust_send {
    TRUST_SEND,
    TRUST_SEND_ASK,    /* a device waits for a decision: nothing leaves before */
    TRUST_SEND_NOBODY, /* no device may read it: never in clear instead */
};

void trust_count(struct trust_tally *tally, enum trust t);
enum trust_send trust_may_send(const struct trust_tally *tally);

#endif
