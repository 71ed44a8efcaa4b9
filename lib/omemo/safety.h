/* safety.h: one number that two people compare for all their devices: sixty digits, the same on
 * both sides.
 *
 * Each side gives thirty: SHA-512 over the version, the identity keys in order, and the bare
 * address, then again and again over the result and the keys, so that finding another set of keys
 * with the same digits costs 5,200 times as much. The smaller half comes first. It changes when a
 * device is added or removed, and programs show which.
 * Owns: nothing; the text lives in the arena.  Threads: pure.
 * Errors: ERR_TOO_BIG, ERR_MALFORMED (no key).
 */
#ifndef SOTTO_OMEMO_SAFETY_H
#define SOTTO_OMEMO_SAFETY_H

#include "omemo/identity.h"

enum { SAFETY_KEYS_MAX = 128, SAFETY_ROUNDS = 5200, SAFETY_DIGITS = 30 };

struct safety_side {
    struct str jid;                  /* bare */
    const struct identity_key *keys; /* in any order */
    size_t count;
};

/* Twelve groups of five digits. */
CHECKED enum err safety_number(struct arena *a, const struct safety_side *one,
                               const struct safety_side *other, struct str *out);

#endif
