/* rows.h: what the writer and the readers can do with the tables: one function per kind of row and
 * of query.
 *
 * A row function changes tables inside the open transaction. What it refuses (ERR_EXISTS,
 * ERR_MISSING, ERR_CONFLICT) it refuses before it has changed anything, through db_fail().
 * `account` exists, where the kind asks for one. A query function fills q->out from one snapshot;
 * records live in q->op.arena.
 * Owns: nothing.  Threads: row functions the writer's, query functions the reader's.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_ROWS_H
#define SOTTO_SERVER_STORE_SQLITE_ROWS_H

#include "server/store.h"
#include "server/store/sqlite/jids.h"
#include "server/store/sqlite/owners.h"
#include "server/store/sqlite/sql.h"

struct tally {
    int64_t accounts, messages, entries;
};

struct writer {
    struct db db;
    struct owners owners;
    struct jids jids;
    struct tally tally;  /* change since the last commit */
    int64_t new_account; /* of the write-set in work; 0: none yet */
    bool purge_wanted;   /* table purge has rows */
};

/* writer.c */
CHECKED enum err writer_open(struct writer *w, const char *path, const char *vfs);
void writer_close(struct writer *w);
void writer_begin(struct writer *w);
enum err writer_end(struct writer *w);                      /* commits, or rolls everything back */
void writer_apply(struct writer *w, struct write_set *set); /* db.broken: end the batch */

typedef void row_fn(struct writer *w, int64_t account, struct row *row);
typedef void query_fn(struct db *db, struct store_query *q);

/* accounts.c */
row_fn account_new, account_gone, credential_put;
query_fn account_query, credentials_query, accounts_query;
void credential_add(struct db *db, int64_t account, struct str device,
                    const struct scram_keys *keys);
int64_t account_find(struct db *db, struct str local, struct str domain); /* 0: none */

/* roster.c */
row_fn roster_put, roster_gone, block_put, block_gone;
void roster_load(struct db *db, struct arena *a, struct account_record *out);
void blocks_load(struct db *db, struct arena *a, struct account_record *out);

/* pep.c */
row_fn pep_node_put, pep_node_gone, pep_item_put, pep_item_gone, pep_purge;
query_fn pep_query;
void pep_nodes_load(struct db *db, struct arena *a, struct account_record *out);

/* documents.c */
row_fn document_put;
query_fn document_query, documents_query;
const struct document_record *documents_load(struct db *db, struct arena *a, int64_t account,
                                             enum document_kind kind, size_t *out_count);
struct str document_find(struct db *db, struct arena *a, int64_t account, enum document_kind kind,
                         struct str key);

/* devices.c */
row_fn device_put, device_seen, device_gone;
query_fn devices_query;
void devices_new_password(struct db *db, int64_t account);
void device_write(struct db *db, int64_t account, const struct device_record *d);

/* grants.c */
row_fn grant_put, grant_used;
query_fn password_query;
bool grant_exists(struct db *db, int64_t account, struct str id);
bool grants_fit(struct db *db, int64_t account, const struct scram_keys *keys);
void grant_remove(struct db *db, int64_t account, struct str id);

/* archive.c */
row_fn message_put, cursor_put, entry_move, entry_gone;
void entry_remove(struct writer *w, int64_t owner, uint64_t seq, int64_t message);
void shelf_purge(struct writer *w, int64_t owner, uint64_t upto); /* hides at once, removes later */

/* history.c */
query_fn archive_query;
uint64_t shelf_floor(struct db *db, int64_t owner); /* entries up to here are gone */
void history_load(struct db *db, struct arena *a, struct account_record *out);

/* invites.c */
row_fn invite_put, invite_gone, invite_use;
query_fn invite_query, invites_query;

/* links.c */
row_fn link_put, link_gone;
query_fn link_query;

/* outbox.c */
row_fn outbox_put, outbox_gone;
query_fn outbox_query;

/* pushes.c */
row_fn push_put, push_failed, push_gone;
query_fn pushes_query;
void pushes_of_grant(struct db *db, int64_t account, struct str id); /* remove */
bool pushes_exist(struct db *db, int64_t account);

/* uploads.c */
row_fn upload_put, upload_gone;
query_fn upload_query, upload_use_query, uploads_expired_query;

#endif
