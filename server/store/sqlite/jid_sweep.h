/* jid_sweep.h: finding addresses in table jid that no entry names any more.
 *
 * Counting references would cost every message; instead now and then all entries are read, a few
 * thousand at a time, and the numbers they name are marked. The writer marks what it uses
 * meanwhile. What has no mark at the end is removed, if it existed at the start.
 * Owns: its marks, one bit per address.  Threads: the writer's.  Errors: stick in db->error.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_JID_SWEEP_H
#define SOTTO_SERVER_STORE_SQLITE_JID_SWEEP_H

#include "server/store/sqlite/jids.h"

struct jid_sweep {
    uint8_t *marks;  /* NULL: no sweep is in work */
    int64_t last_id; /* the newest address at the start */
    int64_t owner;   /* how far the entries are read */
    uint64_t seq;
    bool removing; /* they are: now the addresses, from id on */
    int64_t id;
};

void jid_sweep_deinit(struct jid_sweep *s);
void jid_sweep_begin(struct jid_sweep *s, struct jids *jids, struct db *db);
bool jid_sweep_step(struct jid_sweep *s, struct jids *jids, struct db *db); /* false: done */

#endif
