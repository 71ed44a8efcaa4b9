/* compare.h: are the keys that we have for somebody the ones that they have? One number for two people (omemo/safety.h), and codes that
 * a camera or a paste carries over (the URI that Conversations, Dino, Gajim and Monal write: xmpp:JID?omemo-sid-DEVICE=KEY;…).
 *
 * The number is of the devices that both accounts have published, so that both sides come to the same; it is not told before both
 * lists and all their keys are known, and asks for what is missing.
 * Owns: nothing; texts lie in the arena.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_COMPARE_H
#define SOTTO_CLIENT_COMPARE_H

#include "client/engine.h"

enum comparing {
    COMPARE_READY,
    COMPARE_WAITS,   /* keys are being asked for: look again */
    COMPARE_NOTHING, /* they have published no device */
};

struct comparison {
    enum comparing state;
    struct str number;         /* sixty digits in groups of five */
    const uint8_t (*keys)[32]; /* theirs that it is of */
    size_t count;
};
/* Before people begin to compare: both lists are read anew. */
void engine_compare_anew(struct engine *c, const struct jid *who);
CHECKED enum err engine_compare(struct engine *c, struct arena *a, const struct jid *who,
                                struct comparison *out);

/* Notes that their keys in it were compared: all of them are verified. ERR_CONFLICT: the keys are not the same as then. */
CHECKED enum err engine_matched(struct engine *c, const struct jid *who,
                                const struct comparison *seen);

/* Our own code: this device first. */
struct str engine_code(const struct engine *c, struct arena *a);
/* Theirs. ERR_MALFORMED: it is none; ERR_CONFLICT: it is of another account, or names a key that none of their devices showed: then
 * nothing is verified. *out_count: devices that are verified now. */
CHECKED enum err engine_scanned(struct engine *c, const struct jid *who, struct str code,
                                size_t *out_count);

#endif
