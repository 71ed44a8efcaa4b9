/* call.h: calls of one account on one device: who calls, who answers, what the media process is to be told (XEP-0353, XEP-0166).
 *
 *   call_begin ────────────── propose ─────────────> CALL_COMES             a person decides: call_answer, call_end
 *   CALL_RINGS_THERE <─────── ringing ──────────────
 *   CALL_IS_ANSWERED <─────── proceed ────────────── CALL_IS_ANSWERED       both start their media process
 *   call_describe ── session-initiate, sealed ─────> CALL_IS_DESCRIBED      its offer; the media process answers
 *   CALL_IS_DESCRIBED <────── session-accept, sealed call_describe
 *   call_connected           (media)                 call_connected
 *   CALL_IS_OVER <──── session-terminate, or anything that goes wrong
 *
 * Nothing answers by itself: a call comes as an event, and only call_answer() says `proceed`, once, for one call. Until then the
 * other side has told an id, one or two media and who it is, and nothing of it was given to anybody.
 *
 * The DTLS fingerprints, by which the media processes know each other, travel sealed by OMEMO for the one device that answers, bound to
 * this call, its two parties and their roles. Of somebody whose devices are known they count only so: a fingerprint in clear, one that
 * does not open, or of another device ends the call, for whoever carries it could have put in its own. `trust` of a call says what
 * that came to: NONE (nobody vouches for it: to be called an unverified call), TRUSTED, VERIFIED (the person compared that device's key).
 *
 * A program of which calls are no part does not call calls_enable(), and links none of this.
 * Owns: its calls.  Threads: as engine.h.  Units: milliseconds since 1970.
 * Errors: ERR_MISSING: no such call, or no session with the server; ERR_CONFLICT: there is a call already; ERR_DENIED: not at this
 * point of the call; ERR_MALFORMED.
 */
#ifndef SOTTO_CLIENT_CALL_H
#define SOTTO_CLIENT_CALL_H

#include "client/engine.h"
#include "jingle/ledger.h"

enum {
    CALLS_MAX = 8, /* that ring or are spoken in; more do not ring here */
    CALL_RING_MS = LEDGER_RING_MS,
    CALL_LATE_MS =
        5 * 1000, /* the server ends what takes too long, and is given so much longer to do it */
};

/* Before engine_start(). The engine frees what it makes. */
void calls_enable(struct engine *c);

struct call_info {
    struct str id, peer; /* bare JID; views until the next call that changes something */
    enum call_side side; /* ours */
    enum call_phase phase;
    unsigned media; /* a set of enum jingle_media */
    enum entry_trust trust;
    uint64_t began_ms, talk_ms; /* talk_ms == 0: nobody has heard anybody yet */
};

/* In the order of their coming; start with *cursor = 0. */
bool call_next(const struct engine *c, size_t *cursor, struct call_info *out);
bool call_find(const struct engine *c, struct str id, struct call_info *out);

/* With `media`, which holds JINGLE_AUDIO. ERR_MALFORMED: not a person's bare address, or ourselves. */
CHECKED enum err call_begin(struct engine *c, struct arena *a, const struct jid *whom,
                            unsigned media, struct str *out_id);

/* A person has said yes to this call. What we ourselves propose to the same person meanwhile ends. */
CHECKED enum err call_answer(struct engine *c, struct str id);

/* What our media process describes (SDP), after CALL_IS_ANSWERED for the caller, after CALL_IS_DESCRIBED for who answers. *why, if it is
 * not NULL: the rule of sdp_read() that it breaks. */
CHECKED enum err call_describe(struct engine *c, struct str id, struct str sdp, const char **why);
/* Our media process has shaken hands with the one whose fingerprint it was told. */
CHECKED enum err call_connected(struct engine *c, struct str id);

/* Hangs up, takes back or declines, as it stands. `reason`: a condition of XEP-0166 §7.4, NULL for the usual one; with `why`, a sentence
 * for people, something went wrong. */
CHECKED enum err call_end(struct engine *c, struct str id, const char *reason, struct str why);

/* ---- In chats: ENTRY_CALL --------------------------------------------------------------------------- */

enum { CALL_SECONDS_MAX = 1000 * 1000 };

/* An entry's id is the call's, its author who called. */
struct call_record {
    enum call_outcome outcome;
    unsigned media;
    uint64_t seconds; /* of talking */
};

/* As an entry's text: "talked audio,video 63". */
struct str call_record_text(struct arena *a, const struct call_record *r);
CHECKED enum err call_record_read(struct str text, struct call_record *out);
/* "Missed call", "Video call, 1:03": for people. */
struct str call_record_words(struct arena *a, const struct entry *e);

#endif
