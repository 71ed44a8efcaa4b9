/* faulty_vfs.c: an SQLite VFS that passes everything on to the default one, but for the chosen
 * operation. */
#include "faulty_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the same memory */
};

/* Test state; the library's rule against globals is for the program. */
static sqlite3_vfs *real_vfs;
static atomic_int countdown[FAULT_KINDS];
static atomic_int fault_code;
static atomic_bool fired;

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct faulty_file *)f)->real;
}

static bool fails_now(enum fault_at kind)
{
    if (atomic_load(&countdown[kind]) == 0 || atomic_fetch_sub(&countdown[kind], 1) != 1)
        return false;
    fired = true;
    return true;
}

#define PASS(f, call, ...) (real_of(f)->pMethods->call(real_of(f), ##__VA_ARGS__))

static int f_close(sqlite3_file *f)
{
    return real_of(f)->pMethods ? PASS(f, xClose) : SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return fails_now(FAULT_READ) ? fault_code : PASS(f, xRead, p, n, at);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    return fails_now(FAULT_WRITE) ? fault_code : PASS(f, xWrite, p, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return fails_now(FAULT_TRUNCATE) ? fault_code : PASS(f, xTruncate, size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    return fails_now(FAULT_SYNC) ? fault_code : PASS(f, xSync, flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *out)
{
    return PASS(f, xFileSize, out);
}

static int f_lock(sqlite3_file *f, int level)
{
    return PASS(f, xLock, level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return PASS(f, xUnlock, level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return PASS(f, xCheckReservedLock, out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return PASS(f, xFileControl, op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return PASS(f, xSectorSize);
}

static int f_traits(sqlite3_file *f)
{
    return PASS(f, xDeviceCharacteristics);
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return PASS(f, xShmMap, page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return PASS(f, xShmLock, offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    PASS(f, xShmBarrier);
}

static int f_shm_unmap(sqlite3_file *f, int remove)
{
    return PASS(f, xShmUnmap, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct faulty_file *file = (struct faulty_file *)f;

    (void)vfs;
    file->real = (sqlite3_file *)(file + 1);
    file->base.pMethods = &methods;
    return real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
}

void faulty_vfs_install(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    vfs.xOpen = v_open;
    sqlite3_vfs_register(&vfs, 1);
}

void faulty_vfs_arm(enum fault_at kind, int n, int rc)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        atomic_store(&countdown[i], 0);
    fired = false;
    fault_code = rc;
    atomic_store(&countdown[kind], n);
}

int faulty_vfs_left(enum fault_at kind)
{
    return countdown[kind];
}

bool faulty_vfs_fired(void)
{
    return fired;
}
