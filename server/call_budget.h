/* call_budget.h: how often somebody may call, and be called.
 *
 * What a person does stays far below; an account that was taken over, or made for it, soon rings nobody any more. Whoever
 * is refused is not told: to him it looks like a phone that nobody answers.
 * Kept at the caller's home (dialling, strikes) and at the callee's (all else), for whom it happened to last, and
 * forgotten with the process.
 * Owns: its tables.  Threads: the home's.  Units: milliseconds, as an input.
 */
#ifndef SOTTO_SERVER_CALL_BUDGET_H
#define SOTTO_SERVER_CALL_BUDGET_H

#include "base/random.h"
#include "server/throttle.h"

struct call_budget {
    uint64_t seed[2];                           /* of the keys of pairs */
    struct throttle minute, hour, callees, met; /* of a caller */
    struct throttle strikes, off;               /* likewise */
    struct throttle unanswered, rings, ids;     /* of a pair, a callee, a pair's call */
    struct throttle strangers, rows, more;      /* of a pair, a callee, a callee */
    struct throttle heard;                      /* of a pair's call, whoever of them called */
};

enum call_limit {
    CALL_ALLOWED,
    CALL_SUSPENDED, /* it has said what no honest client says */
    CALL_TOO_OFTEN,
    CALL_TOO_MANY_PEOPLE,
    CALL_REPEATED, /* the id of an earlier call of the pair */
    CALL_INSISTING,
    CALL_CROWDED,
    CALL_CROSSED,   /* the other one called first (calls.h) */
    CALL_MIGRATING, /* from a call to what was not agreed on in it (calls.h) */
};

enum stranger_row { STRANGER_SILENT, STRANGER_ROW, STRANGER_MORE };

void call_budget_init(struct call_budget *b, const struct random *random);
void call_budget_deinit(struct call_budget *b);

/* The account is about to call; takes what it needs if it may. `young`: it is less than a week old. */
enum call_limit call_budget_dial(struct call_budget *b, int64_t caller, struct str callee,
                                 bool young, uint64_t now_ms);
void call_budget_strike(struct call_budget *b, int64_t caller, uint64_t now_ms);

/* A device of the account is about to ring. */
enum call_limit call_budget_ring(struct call_budget *b, int64_t callee, struct str caller,
                                 struct str id, uint64_t now_ms);
void call_budget_unanswered(struct call_budget *b, int64_t callee, struct str caller,
                            uint64_t now_ms);
/* A propose of this id, by the account or to it, and whether there was one in the last day: what comes late about a call, of
 * which nothing else is known any more or ever was, is no invention. */
void call_budget_hear(struct call_budget *b, int64_t account, struct str other, struct str id,
                      uint64_t now_ms);
bool call_budget_has_heard(const struct call_budget *b, int64_t account, struct str other,
                           struct str id, uint64_t now_ms);
/* What the account learns of a stranger who wanted to call: a row for him, one that says that there were more, or nothing. */
enum stranger_row call_budget_stranger(struct call_budget *b, int64_t callee, struct str stranger,
                                       uint64_t now_ms);

#endif
