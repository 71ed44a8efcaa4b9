/* sql.h: prepared statements of one SQLite connection, bound and read from left to right.
 *
 *     struct sql q = sql_of(db, SQL_BLOCK_LOAD, "SELECT jid FROM block WHERE account = ?");
 *     sql_put_i64(&q, account);
 *     while (sql_row(&q))
 *         use(sql_get_str(&q, arena));
 *
 * A failure sticks in db->error and turns every later statement into nothing, so a write-set or a
 * query checks once, at its end. Conditions (ERR_EXISTS, ERR_MISSING …) stick in the same way
 * through db_fail().
 * Owns: the connection and its statements. Bound views are borrowed until the statement has run.
 * Threads: one at a time.  Errors: ERR_IO, ERR_FULL.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_SQL_H
#define SOTTO_SERVER_STORE_SQLITE_SQL_H

#include <sqlite3.h>

#include "base/arena.h"

/* One slot per statement; its text stands where it is used. */
/* clang-format off */
enum sql_id {
    SQL_BEGIN, SQL_BEGIN_READ, SQL_COMMIT, SQL_SAVEPOINT, SQL_ROLLBACK_TO, SQL_RELEASE, SQL_TALLY,
    SQL_STATS,
    SQL_ACCOUNT_FIND, SQL_ACCOUNT_ADD, SQL_ACCOUNT_REMOVE, SQL_ACCOUNT_LOAD, SQL_ACCOUNT_LIST,
    SQL_ACCOUNT_CURSOR,
    SQL_ACCOUNT_ROSTER_VERSION,
    SQL_CREDENTIAL_PUT, SQL_CREDENTIAL_FIND, SQL_CREDENTIAL_REMOVE, SQL_CREDENTIAL_CLEAR,
    SQL_GRANT_FIND, SQL_GRANT_FIT, SQL_GRANT_COUNT, SQL_GRANT_EXPIRED, SQL_GRANT_SALT, SQL_GRANT_SALTS, SQL_GRANT_USE, SQL_GRANT_LEAVE,
    SQL_GRANT_CLIENTS,
    SQL_DEVICE_PUT, SQL_DEVICE_REFRESH, SQL_DEVICE_FIND, SQL_DEVICE_TRIM, SQL_DEVICE_FORGET, SQL_DEVICE_REMOVE, SQL_DEVICE_LIST,
    SQL_DEVICE_GET,
    SQL_DEVICE_CLEAR,
    SQL_ROSTER_PUT, SQL_ROSTER_REMOVE, SQL_ROSTER_LOAD, SQL_ROSTER_CLEAR,
    SQL_BLOCK_PUT, SQL_BLOCK_REMOVE, SQL_BLOCK_CLEAR, SQL_BLOCK_LOAD,
    SQL_PEP_NODE_PUT, SQL_PEP_NODE_FIND, SQL_PEP_NODE_REMOVE, SQL_PEP_NODE_LOAD, SQL_PEP_NODE_CLEAR,
    SQL_PEP_ITEM_PUT, SQL_PEP_BYTES, SQL_PEP_ITEM_REMOVE, SQL_PEP_ITEM_TRIM, SQL_PEP_ITEM_CLEAR, SQL_PEP_ITEM_LIST, SQL_PEP_ITEM_UP,
    SQL_PEP_ITEM_PLACE, SQL_PEP_ITEM_HIDDEN, SQL_PEP_ITEM_COUNT,
    SQL_PEP_ITEM_FIND, SQL_PEP_ITEM_CLEAR_ACCOUNT, SQL_PEP_ITEM_EXPIRE,
    SQL_DOCUMENT_PUT, SQL_DOCUMENT_REMOVE, SQL_DOCUMENT_FIND, SQL_DOCUMENT_LIST, SQL_DOCUMENT_OF_ALL, SQL_DOCUMENT_CLEAR,
    SQL_OWNER_LOAD, SQL_OWNER_LAST, SQL_OWNER_RESERVE_ARCHIVE, SQL_OWNER_RESERVE_REQUESTS,
    SQL_JID_FIND, SQL_JID_ADD, SQL_JID_MAX, SQL_JID_SCAN, SQL_JID_REMOVE, SQL_JID_USES,
    SQL_MESSAGE_ADD, SQL_MESSAGE_REMOVE, SQL_MESSAGE_UNREF, SQL_MESSAGE_RENEW, SQL_MESSAGE_COPY,
    SQL_ENTRY_ADD, SQL_ENTRY_FIND, SQL_ENTRY_REMOVE, SQL_ENTRY_OF_PEER, SQL_ENTRY_OLDEST,
    SQL_ENTRY_NEXT_OWNER,
    SQL_PURGE_ADD, SQL_PURGE_NEXT, SQL_PURGE_DONE, SQL_PURGE_FLOOR,
    SQL_PAGE_UP, SQL_PAGE_DOWN, SQL_PAGE_UP_WITH, SQL_PAGE_DOWN_WITH, SQL_PAGE_COUNT,
    SQL_PAGE_COUNT_WITH,
    SQL_SHELF_FIRST, SQL_SHELF_LAST, SQL_SHELF_PROBE, SQL_SHELF_MAX, SQL_SHELF_ORIGINS,
    SQL_SHELF_WRITTEN, SQL_SHELF_WIDTH, SQL_SHELF_GAP, SQL_SHELF_SURPLUS,
    SQL_ENTRY_THERE,
    SQL_INVITE_ADD, SQL_INVITE_REMOVE, SQL_INVITE_USE, SQL_INVITE_FIND, SQL_INVITE_LIST, SQL_INVITE_EXPIRE, SQL_INVITE_CLEAR,
    SQL_UPLOAD_PUT, SQL_UPLOAD_REMOVE, SQL_UPLOAD_ORPHAN, SQL_UPLOAD_FIND, SQL_UPLOAD_USE,
    SQL_UPLOAD_USE_ALL,
    SQL_UPLOAD_EXPIRED,
    SQL_PUSH_COUNT, SQL_PUSH_PUT, SQL_PUSH_FAIL, SQL_PUSH_REMOVE, SQL_PUSH_GRANT, SQL_PUSH_ANY, SQL_PUSH_LIST,
    SQL_PUSH_CLEAR,
    SQL_LINK_FIND, SQL_LINK_COUNT, SQL_LINK_PUT, SQL_LINK_REMOVE, SQL_LINK_EXPIRE, SQL_LINK_CLEAR,
    SQL_OUTBOX_PUT, SQL_OUTBOX_REMOVE, SQL_OUTBOX_LIST,
    SQL_COUNT
};
/* clang-format on */

struct db {
    sqlite3 *native;
    enum err error;    /* sticky: the first failure since db_clear() */
    bool broken;       /* it came from the database, not from a condition */
    bool fatal;        /* and leaves open what is on the disk */
    char failure[200]; /* what SQLite said of it */
    sqlite3_stmt *statements[SQL_COUNT];
};

/* `vfs` NULL: the default. Waits for a person who works on the file with another program, but
 * not for ever. */
CHECKED enum err db_open(struct db *db, const char *path, const char *vfs);
void db_close(struct db *db);                       /* a zeroed struct is fine */
void db_exec(struct db *db, const char *text);      /* statements without parameters or results */
int64_t db_pragma(struct db *db, const char *text); /* first column of the first row, or 0 */
int64_t db_changes(struct db *db);                  /* rows that the last statement changed */
int64_t db_last_id(struct db *db);                  /* rowid of the last insertion */

/* `mode` is one of SQLITE_CHECKPOINT_…; false: busy for longer than that, or a failure. What of the log is in the file
 * now goes to *out_pages. */
bool db_checkpoint(struct db *db, int mode, int patience_ms, int *out_pages);
void db_sync(struct db *db); /* the file, not its log */

/* A condition of the write does not hold, or what was asked for is missing. An earlier failure
 * stays. */
void db_fail(struct db *db, enum err condition);
void db_clear(struct db *db);

struct sql {
    struct db *db;
    sqlite3_stmt *native;
    int at;
};

struct sql sql_of(struct db *db, enum sql_id id, const char *text);
void db_run(struct db *db, enum sql_id id, const char *text); /* without parameters or rows */

void sql_put_i64(struct sql *q, int64_t value);
void sql_put_u64(struct sql *q, uint64_t value); /* UINT64_MAX is stored as -1 */
void sql_put_str(struct sql *q, struct str text);
void sql_put_bytes(struct sql *q, struct bytes octets);
void sql_put_null(struct sql *q);

void sql_run(struct sql *q); /* a statement without rows */
bool sql_row(struct sql *q); /* the next row; false: no more, or a failure */
void sql_end(struct sql *q); /* when leaving before the last row */

int64_t sql_get_i64(struct sql *q);
uint64_t sql_get_u64(struct sql *q);
bool sql_get_bool(struct sql *q);
struct str sql_get_str(struct sql *q, struct arena *a);     /* a copy */
struct bytes sql_get_bytes(struct sql *q, struct arena *a); /* a copy */

#endif
