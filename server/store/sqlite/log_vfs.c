/* log_vfs.c: a VFS that differs from the default one in how logs are written. */
#include "server/store/sqlite/log_vfs.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM = 120 * 1024 }; /* SQLite's Unix VFS takes less than 128 KiB at once */

struct log_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the memory that SQLite gave */
    char *pending;      /* ROOM octets, once there was a write */
    int n;
    sqlite3_int64 at; /* where the pending octets belong */
};

static struct log_file *log_of(sqlite3_file *f)
{
    return CONTAINER_OF(f, struct log_file, base);
}

/* On failure they are lost, as after any failed write: the transaction ends with it. */
static int flush(struct log_file *log)
{
    int n = log->n;

    log->n = 0;
    return n > 0 ? log->real->pMethods->xWrite(log->real, log->pending, n, log->at) : SQLITE_OK;
}

static int log_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct log_file *log = log_of(f);
    int rc = SQLITE_OK;

    if (at != log->at + log->n || n > ROOM - log->n)
        rc = flush(log);
    if (rc != SQLITE_OK || n > ROOM)
        return rc != SQLITE_OK ? rc : log->real->pMethods->xWrite(log->real, p, n, at);
    if (log->pending == NULL)
        log->pending = mem_alloc_raw(ROOM);
    if (log->n == 0)
        log->at = at;
    memcpy(log->pending + log->n, p, (size_t)n);
    log->n += n;
    return SQLITE_OK;
}

static int log_sync(sqlite3_file *f, int flags)
{
    struct log_file *log = log_of(f);
    int rc = flush(log);

    return rc != SQLITE_OK ? rc : log->real->pMethods->xSync(log->real, flags);
}

static int log_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    struct log_file *log = log_of(f);
    int rc = flush(log);

    return rc != SQLITE_OK ? rc : log->real->pMethods->xRead(log->real, p, n, at);
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct log_file *log = log_of(f);
    int rc = flush(log);

    return rc != SQLITE_OK ? rc : log->real->pMethods->xTruncate(log->real, size);
}

static int log_size(sqlite3_file *f, sqlite3_int64 *out)
{
    struct log_file *log = log_of(f);
    int rc = flush(log);

    return rc != SQLITE_OK ? rc : log->real->pMethods->xFileSize(log->real, out);
}

/* What was never synced belongs to no commit. */
static int log_close(sqlite3_file *f)
{
    struct log_file *log = log_of(f);

    mem_free(log->pending);
    return log->real->pMethods->xClose(log->real);
}

static int log_lock(sqlite3_file *f, int level)
{
    return log_of(f)->real->pMethods->xLock(log_of(f)->real, level);
}

static int log_unlock(sqlite3_file *f, int level)
{
    return log_of(f)->real->pMethods->xUnlock(log_of(f)->real, level);
}

static int log_check_lock(sqlite3_file *f, int *out)
{
    return log_of(f)->real->pMethods->xCheckReservedLock(log_of(f)->real, out);
}

static int log_control(sqlite3_file *f, int op, void *arg)
{
    return log_of(f)->real->pMethods->xFileControl(log_of(f)->real, op, arg);
}

static int log_sector(sqlite3_file *f)
{
    return log_of(f)->real->pMethods->xSectorSize(log_of(f)->real);
}

static int log_traits(sqlite3_file *f)
{
    return log_of(f)->real->pMethods->xDeviceCharacteristics(log_of(f)->real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_lock,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_traits,
};

/* Other files are the real VFS's own. */
static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct log_vfs *v = CONTAINER_OF(base, struct log_vfs, base);
    struct log_file *log = log_of(f);
    int rc;

    if (!(flags & SQLITE_OPEN_WAL))
        return v->real->xOpen(v->real, name, f, flags, out_flags);
    *log = (struct log_file){ .real = (sqlite3_file *)(log + 1) };
    rc = v->real->xOpen(v->real, name, log->real, flags, out_flags);
    if (rc == SQLITE_OK)
        log->base.pMethods = &log_methods; /* else SQLite does not close it */
    return rc;
}

enum err log_vfs_init(struct log_vfs *v)
{
    sqlite3_vfs *real;

    *v = (struct log_vfs){ 0 };
    if (sqlite3_initialize() != SQLITE_OK || (real = sqlite3_vfs_find(NULL)) == NULL)
        return ERR_IO;
    v->real = real;
    v->base = *real;
    v->base.szOsFile += (int)sizeof(struct log_file);
    v->base.xOpen = vfs_open;
    v->base.zName = v->name;
    v->base.pNext = NULL;
    snprintf(v->name, sizeof v->name, "sotto-log-%p",
             (void *)v); /* several stores, several names */
    return sqlite3_vfs_register(&v->base, 0) == SQLITE_OK ? ERR_NONE : ERR_IO;
}

void log_vfs_deinit(struct log_vfs *v)
{
    if (v->real != NULL)
        sqlite3_vfs_unregister(&v->base);
    *v = (struct log_vfs){ 0 };
}
