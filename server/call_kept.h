/* call_kept.h: calls in which people talk, as rows, so that a server process that was started anew goes on with them.
 *
 *   answered, changed, every minute:  DOC_CALL of the callee's account  --a new process-->  call, dialled
 *   the record of the call takes the row's place, in the same commit
 *
 * Media went on meanwhile: the anchor has outlived the process, and is told of the call as before. What still rings, or is being
 * set up, is not kept: nobody has heard anybody yet.
 * Owns: nothing.  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_CALL_KEPT_H
#define SOTTO_SERVER_CALL_KEPT_H

#include "server/calls_life.h"

enum {
    CALL_KEPT_MS = 60 * 1000, /* a row is never older than that while its call goes on */
    CALL_LOST_MS = CALL_KEPT_MS + ANCHOR_ORPHAN_MS, /* a call of an older row has ended */
};

void call_kept_put(struct call *c);
/* In HOOK_IN of the callee: with the record of how it went. */
void call_kept_gone(struct outcome *out, struct str caller, struct str id);

/* Reads what there is, once. `then`: when that is done, on the home's thread. */
void call_kept_read(struct home *h, void (*then)(struct home *h));

/* ---- The text of a row, for tests ---- */

struct call_kept {
    struct str callee; /* bare */
    uint64_t alive_ms; /* when the row was written */
    struct ledger ledger;
    struct call_media media;
};

struct str call_kept_write(struct arena *a, const struct call_kept *k);
/* Texts are in ledger.arena, which is the caller's to close, also after an error. */
CHECKED enum err call_kept_parse(struct str text, struct call_kept *out);

#endif
