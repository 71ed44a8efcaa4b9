/* jids.h: peers of archive entries as small numbers: table jid, remembered by the writer.
 *
 * Owns: a bounded memory of addresses.  Threads: the writer's.  Errors: stick in db->error.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_JIDS_H
#define SOTTO_SERVER_STORE_SQLITE_JIDS_H

#include "server/store/lru.h"
#include "server/store/sqlite/sql.h"

typedef void jid_used(void *ctx, int64_t id);

struct jids {
    struct lru known;
    jid_used *used; /* told of every new use; NULL: nobody listens */
    void *used_ctx;
};

void jids_init(struct jids *j);
void jids_deinit(struct jids *j);
void jids_forget_all(struct jids *j); /* after a rollback or a removal */

void jids_watch(struct jids *j, jid_used *used, void *ctx);
void jids_use(struct jids *j, int64_t id); /* an entry names it */

int64_t jids_intern(struct jids *j, struct db *db, struct str jid); /* bare or full */

/* Cuts at the slash: RFC 7622 allows none in a bare address. */
struct str jid_text_bare(struct str jid);
struct str jid_text_resource(struct str jid); /* empty if there is none */

#endif
