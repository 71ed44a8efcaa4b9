/* sql.c: one SQLite connection and its prepared statements. */
#include "server/store/sqlite/sql.h"

#include <stdio.h>

enum { BUSY_TIMEOUT_MS = 10000 };

/* Growing the shared index of the WAL meets a full disk before a write does. */
static bool is_full(int rc)
{
    return rc == SQLITE_FULL || rc == SQLITE_IOERR_SHMSIZE;
}

/* After these nothing has reached the disk, and the next transaction may well succeed. */
static bool is_harmless(int rc)
{
    int primary = rc & 0xff;

    return is_full(rc) || primary == SQLITE_BUSY || primary == SQLITE_LOCKED
           || primary == SQLITE_PROTOCOL /* too many at the log at a time, for ten seconds */
           || primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG;
}

static void db_broke(struct db *db, int rc)
{
    if (db->error != ERR_NONE)
        return;
    db->error = is_full(rc) ? ERR_FULL : ERR_IO;
    db->broken = true;
    db->fatal = !is_harmless(rc);
    snprintf(db->failure, sizeof db->failure, "%s (%s)", sqlite3_errstr(rc),
             sqlite3_errmsg(db->native));
}

enum err db_open(struct db *db, const char *path, const char *vfs)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc;

    *db = (struct db){ 0 };
    rc = sqlite3_open_v2(path, &db->native, flags, vfs);
    if (rc != SQLITE_OK)
        db_broke(db, rc);
    else
        sqlite3_busy_timeout(db->native, BUSY_TIMEOUT_MS);
    return db->error;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->native);
    *db = (struct db){ 0 };
}

void db_exec(struct db *db, const char *text)
{
    int rc;

    if (db->error != ERR_NONE)
        return;
    rc = sqlite3_exec(db->native, text, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        db_broke(db, rc);
}

int64_t db_pragma(struct db *db, const char *text)
{
    sqlite3_stmt *s = NULL;
    int64_t value = 0;
    int rc;

    if (db->error != ERR_NONE)
        return 0;
    rc = sqlite3_prepare_v2(db->native, text, -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        value = sqlite3_column_int64(s, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        db_broke(db, rc);
    sqlite3_finalize(s);
    return value;
}

bool db_checkpoint(struct db *db, int mode, int patience_ms, int *out_pages)
{
    int rc;

    db_clear(db);
    sqlite3_busy_timeout(db->native, patience_ms);
    rc = sqlite3_wal_checkpoint_v2(db->native, NULL, mode, NULL, out_pages);
    sqlite3_busy_timeout(db->native, BUSY_TIMEOUT_MS);
    if (rc != SQLITE_OK)
        db_broke(db, rc);
    return rc == SQLITE_OK;
}

void db_sync(struct db *db)
{
    sqlite3_file *file = NULL;
    int rc;

    if (db->error != ERR_NONE)
        return;
    rc = sqlite3_file_control(db->native, NULL, SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (rc != SQLITE_OK)
        db_broke(db, rc);
}

int64_t db_changes(struct db *db)
{
    return db->error == ERR_NONE ? sqlite3_changes64(db->native) : 0;
}

int64_t db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->native);
}

void db_fail(struct db *db, enum err condition)
{
    if (db->error == ERR_NONE)
        db->error = condition;
}

void db_clear(struct db *db)
{
    db->error = ERR_NONE;
    db->broken = db->fatal = false;
}

struct sql sql_of(struct db *db, enum sql_id id, const char *text)
{
    sqlite3_stmt **slot = &db->statements[id];
    int rc;

    if (db->error != ERR_NONE)
        return (struct sql){ db, NULL, 0 };
    if (*slot == NULL) {
        rc = sqlite3_prepare_v3(db->native, text, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (rc != SQLITE_OK)
            db_broke(db, rc);
    }
    return (struct sql){ db, *slot, 0 };
}

void db_run(struct db *db, enum sql_id id, const char *text)
{
    struct sql q = sql_of(db, id, text);

    sql_run(&q);
}

/* Binding fails only by a wrong index, which is our bug, or for want of memory. */
static void put(struct sql *q, int rc)
{
    if (rc != SQLITE_OK)
        db_broke(q->db, rc);
}

void sql_put_i64(struct sql *q, int64_t value)
{
    if (q->native)
        put(q, sqlite3_bind_int64(q->native, ++q->at, value));
}

void sql_put_u64(struct sql *q, uint64_t value)
{
    sql_put_i64(q, (int64_t)value);
}

/* An empty view may have no pointer, which would mean NULL to SQLite. */
void sql_put_str(struct sql *q, struct str text)
{
    if (q->native)
        put(q, sqlite3_bind_text64(q->native, ++q->at, text.n ? text.p : "", text.n, SQLITE_STATIC,
                                   SQLITE_UTF8));
}

void sql_put_bytes(struct sql *q, struct bytes octets)
{
    if (q->native)
        put(q, sqlite3_bind_blob64(q->native, ++q->at, octets.n ? (const void *)octets.p : "",
                                   octets.n, SQLITE_STATIC));
}

void sql_put_null(struct sql *q)
{
    if (q->native)
        put(q, sqlite3_bind_null(q->native, ++q->at));
}

void sql_run(struct sql *q)
{
    while (sql_row(q))
        continue;
}

bool sql_row(struct sql *q)
{
    int rc;

    if (q->native == NULL || q->db->error != ERR_NONE) {
        sql_end(q);
        return false;
    }
    rc = sqlite3_step(q->native);
    q->at = 0;
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        db_broke(q->db, rc);
    sql_end(q);
    return false;
}

void sql_end(struct sql *q)
{
    sqlite3_reset(q->native); /* its result repeats what step said */
    q->native = NULL;
}

int64_t sql_get_i64(struct sql *q)
{
    return sqlite3_column_int64(q->native, q->at++);
}

uint64_t sql_get_u64(struct sql *q)
{
    return (uint64_t)sql_get_i64(q);
}

bool sql_get_bool(struct sql *q)
{
    return sql_get_i64(q) != 0;
}

struct str sql_get_str(struct sql *q, struct arena *a)
{
    return str_of_bytes(sql_get_bytes(q, a));
}

/* Asking for a blob before its length spares conversions: SQLite, "Result Values From A Query". */
struct bytes sql_get_bytes(struct sql *q, struct arena *a)
{
    const void *p = sqlite3_column_blob(q->native, q->at);
    int n = sqlite3_column_bytes(q->native, q->at++);

    return arena_bytes(a, bytes_of(p, (size_t)n));
}
