/* ledger.h: one call between two accounts, from the wish to call until some seconds after its end: who may say what, when.
 *
 *   propose --> PROPOSED --ringing--> RINGS --proceed of a device, the first--> ACCEPTED --session-initiate--> INITIATED
 *                   |                   |                                          |                             | session-accept
 *                   +--- reject, retract, 60 s ---> ENDED <---- 30 s, terminate, finish, limits ----+---------- ACTIVE
 *
 * A fixed table says which words pass in which phase from which side (ledger.c); everything else is refused, whoever says it.
 * Between two calls of a function nothing happens but time: the server keeps ledgers at the home of the callee, asks before it
 * routes, and acts upon changes of the phase (rings devices, opens and closes the way of the media, writes the record of the call).
 *
 * Owns: its texts.  Threads: one at a time.  Units: milliseconds, octets.
 */
#ifndef SOTTO_JINGLE_LEDGER_H
#define SOTTO_JINGLE_LEDGER_H

#include "jingle/message.h"

enum {
    LEDGER_RING_MS = 60 * 1000,
    LEDGER_INITIATE_MS = 30 * 1000,  /* from proceed to session-initiate */
    LEDGER_ANSWER_MS = 60 * 1000,    /* from there to session-accept */
    LEDGER_GRACE_MS = 10 * 1000,     /* finish of the other side */
    LEDGER_SETUP_BYTES = 128 * 1024, /* of Jingle, both sides, until session-accept */
    LEDGER_TRANSPORT_INFOS = 40,     /* of each side */
    LEDGER_TRANSPORT_INFOS_SECOND = 20,
    LEDGER_RESTARTS = 6,             /* of ICE, of each side */
    LEDGER_CONTENT_ACTIONS = 100,    /* of each side: pictures that come and go */
    LEDGER_TALK_BYTES = 1024 * 1024, /* of Jingle, both sides, from then on */
};

enum call_phase {
    CALL_PROPOSED,
    CALL_RINGS,
    CALL_ACCEPTED,
    CALL_INITIATED,
    CALL_ACTIVE,
    CALL_ENDED,
    CALL_PHASES,
};

enum call_side { CALL_CALLER, CALL_CALLEE };

enum call_outcome {
    CALL_UNDECIDED,
    CALL_MISSED,    /* nobody answered */
    CALL_RETRACTED, /* the caller gave up */
    CALL_REJECTED,
    CALL_FAILED, /* accepted, but it never came to talking */
    CALL_TALKED,
};

struct ledger {
    struct arena arena;
    struct str id, caller; /* full JID */
    struct str device;     /* full JID of who accepted; n == 0: nobody yet */
    struct str
        called; /* full JID, if the caller chose a device; it stands for the one that accepts */
    enum call_phase phase;
    enum call_outcome outcome;
    unsigned media;                          /* agreed on */
    uint64_t proposed_ms, phase_ms, talk_ms; /* talk_ms == 0: never */
    size_t setup_bytes, talk_bytes;
    unsigned infos[2], infos_second[2], restarts[2], contents[2];
    uint64_t second[2];
};

/* What somebody says: a word of XEP-0353 or an action of Jingle, read and found whole. */
struct call_saying {
    enum call_side side;                /* whose account */
    struct str from;                    /* full JID of the device */
    struct str to;                      /* as addressed */
    const struct call_message *message; /* one of the two */
    const struct jingle *action;
    bool anew;    /* a transport-info with other credentials of ICE than before */
    size_t bytes; /* of the stanza */
};

enum ledger_verdict {
    LEDGER_PASS,    /* to be written anew for the other side */
    LEDGER_SWALLOW, /* right, but not for the other side: it is answered as done */
    LEDGER_REFUSE,
};

struct ledger_ruling {
    enum ledger_verdict verdict;
    enum call_phase before, after; /* that they differ is to be acted upon */
    const char *why;               /* of a refusal, one word; else NULL */
};

/* A call that may be: the propose was admitted. The texts are copied. */
void ledger_open(struct ledger *l, const struct call_message *propose, struct str caller,
                 uint64_t now_ms);
/* The caller's client begins with a session, so that it speaks to the device that it chose, whichever accepts. */
void ledger_address(struct ledger *l, struct str device);
void ledger_close(struct ledger *l);

struct ledger_ruling ledger_judge(struct ledger *l, const struct call_saying *s, uint64_t now_ms);

/* Something that nobody said. */
struct ledger_ruling ledger_tick(struct ledger *l, uint64_t now_ms);
struct ledger_ruling ledger_device_gone(struct ledger *l, struct str full, uint64_t now_ms);
struct ledger_ruling ledger_media_gone(struct ledger *l,
                                       uint64_t now_ms); /* the anchor heard nothing */

uint64_t ledger_deadline_ms(const struct ledger *l); /* UINT64_MAX: none */
/* After its grace: to be closed and forgotten. */
bool ledger_is_over(const struct ledger *l, uint64_t now_ms);
/* The full JID under which the caller's device knows the other one. */
static inline struct str ledger_peer(const struct ledger *l)
{
    return l->called.n > 0 ? l->called : l->device;
}
/* A device of the callee that appears now has to ring. */
static inline bool ledger_is_ringing(const struct ledger *l)
{
    return l->phase == CALL_PROPOSED || l->phase == CALL_RINGS;
}
/* Media may flow. */
static inline bool ledger_gate_is_open(const struct ledger *l)
{
    return l->phase >= CALL_ACCEPTED && l->phase <= CALL_ACTIVE;
}

/* The table, for tests and documentation: may this be said in this phase by this side at all? */
bool ledger_word_passes(enum call_phase phase, enum call_side side, enum call_word word);
bool ledger_action_passes(enum call_phase phase, enum call_side side, enum jingle_action action);

#endif
