/* chores.h: housekeeping between the writer's batches, in small steps: entries that are gone or too
 * old, expired invitations and items, addresses that nobody uses any more, free pages, and at the
 * end the log.
 *
 * Owns: its marks.  Threads: the writer's.  Errors: a failed step stays in writer->db until the
 * next transaction.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_CHORES_H
#define SOTTO_SERVER_STORE_SQLITE_CHORES_H

#include "server/store/sqlite/checkpoint.h"
#include "server/store/sqlite/jid_sweep.h"
#include "server/store/sqlite/rows.h"

struct chores {
    int64_t retention_days;
    uint64_t archive_messages; /* of one account; 0: any number */
    bool in_round;
    bool another;                  /* round follows at once: it was asked for during this one */
    unsigned stage;                /* of the round: an index of stages[] in chores.c */
    uint64_t now_ms;               /* of the round */
    int64_t owner;                 /* shelves up to this one have been looked at */
    unsigned shelves, sweep_steps; /* in this round */
    bool jids_unused;              /* entries went since the last sweep */
    uint64_t next_sweep_ms;
    struct jid_sweep sweep;
    bool empty_log; /* what was removed is still readable there */
};

void chores_init(struct chores *c, const struct store_options *options);
void chores_deinit(struct chores *c);
void chores_begin(struct chores *c, uint64_t now_ms); /* a round; after the one in work, if any */

/* One step, in a transaction of its own. False: nothing is left to do, or it failed. */
bool chores_step(struct chores *c, struct writer *w, struct checkpointer *log);

#endif
