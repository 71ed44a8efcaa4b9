/* ice.h: one stream's way to the anchor (RFC 8445), seen from a client whose only peers are the few addresses in a description.
 *
 * Each candidate has a socket of its own that is connected to it, so a pair is an index and nobody else can be heard. All pairs are
 * checked at once; the first in order of priority that answers and is nominated is used. Checks go on afterwards: they are consent
 * (RFC 7675), and they keep a NAT open.
 *
 *   checking --(an authentic answer)--> usable --(USE-CANDIDATE, ours or theirs)--> nominated
 *
 * What has no valid MESSAGE-INTEGRITY is neither answered nor counted as life.
 * Owns: nothing.  Threads: one at a time.  Units: milliseconds of a clock that never goes back.
 */
#ifndef SOTTO_MEDIA_ICE_H
#define SOTTO_MEDIA_ICE_H

#include "base/random.h"
#include "rtp/stun.h"

enum {
    ICE_PAIRS = 4,
    ICE_TEXT_MAX = 256,
    ICE_RETRY_FIRST_MS = 50, /* the anchor is one round trip away; RFC 8445 §14.3 asks for 500 */
    ICE_RETRY_MAX_MS = 500,
    ICE_CONSENT_MS = 2500,
    ICE_FAIL_MS = 15000,   /* nobody answered at all */
    ICE_SILENT_MS = 30000, /* RFC 7675 §5.1 */
    ICE_NO_PAIR = ICE_PAIRS,
};

struct ice_pair {
    uint32_t priority;             /* of the candidate */
    bool usable, nominated, asked; /* asked: a check is on its way */
    uint8_t transaction[STUN_TRANSACTION];
    uint64_t next_ms;
    unsigned retry_ms;
};

struct ice_packet {
    size_t pair, n;
    uint8_t data[STUN_MAX];
};

struct ice {
    char local_ufrag[ICE_TEXT_MAX + 1], local_pwd[ICE_TEXT_MAX + 1];
    char remote_ufrag[ICE_TEXT_MAX + 1], remote_pwd[ICE_TEXT_MAX + 1];
    bool controlling;
    uint64_t tie_breaker;
    const struct random *random;
    struct ice_pair pairs[ICE_PAIRS];
    size_t count;
    uint64_t started_ms, heard_ms; /* heard: the last authentic answer */
    struct ice_packet answer;      /* n == 0: none waits */
};

void ice_init(struct ice *ice, const struct random *random, bool controlling);
/* Begins, or begins anew with other credentials of the other side. */
void ice_start(struct ice *ice, struct str remote_ufrag, struct str remote_pwd,
               const uint32_t *priorities, size_t count, uint64_t now_ms);
void ice_delay(struct ice *ice, size_t pair, uint64_t until_ms); /* its first check */
/* A STUN packet from the socket of this pair, whose address the answer repeats. */
void ice_receive(struct ice *ice, size_t pair, const struct stun_address *from, struct bytes packet,
                 uint64_t now_ms);
/* What is to be sent now; false: nothing. To be asked until it says so. */
bool ice_next(struct ice *ice, uint64_t now_ms, struct ice_packet *out);
uint64_t ice_deadline_ms(const struct ice *ice);
size_t ice_selected(const struct ice *ice); /* ICE_NO_PAIR: none yet */
bool ice_failed(const struct ice *ice, uint64_t now_ms);

#endif
