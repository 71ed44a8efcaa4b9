/* powercut.c: a disk that loses power, for the sottod that is shipped: an SQLite VFS in a library
 * that LD_PRELOAD puts under it as the default one.
 *
 * A database, its journal and its log live in memory from their first opening on; only a sync takes
 * them to the disk. So SIGKILL loses what was not synced, as a power cut does, though the kernel
 * survives. By chance some of it gets to the disk before its time, as whole writes, single sectors
 * or a write broken off in the middle, because a real disk promises neither. An operation can also
 * be the process's last, or fail; a failed sync forgets what it did not write and reports that only
 * once, as Linux does. Creating and deleting files takes effect at once.
 *
 * Orders and counters are in a file that the test maps, too (harness/powercut.py):
 *
 *     SOTTO_POWERCUT=FILE LD_PRELOAD=powercut.so sottod ...
 *
 * Mapped before main(), because the sandbox allows it later no more.
 * Threads: one lock for all.  Units: octets, unless said.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* SQLite's Unix VFS takes less than 128 KiB at once. */
enum { SECTOR = 512, CHUNK = 64 * 1024, PERCENT = 100 };
enum operation { OP_WRITE, OP_SYNC, OP_TRUNCATE };
enum fate { FATE_OK, FATE_FAIL, FATE_DIE };

/* The test knows these fields by their order. */
struct orders {
    _Atomic uint64_t seed;
    _Atomic uint64_t early;     /* percent of the writes that reach the disk before their sync */
    _Atomic uint64_t forgetful; /* not 0: syncs are lies */
    _Atomic uint64_t die_in;    /* the n-th operation from now on is the last; 0: none */
    _Atomic uint64_t fail_op;   /* which operation fails_in counts */
    _Atomic uint64_t fail_in;   /* the n-th of them fails; 0: none */
    _Atomic uint64_t fail_code; /* with this code of SQLite */
    /* Out: */
    _Atomic uint64_t disks;    /* processes that opened a database here */
    _Atomic uint64_t failed;   /* operations that did */
    _Atomic uint64_t unsynced; /* sectors of this process that only memory has */
    _Atomic uint64_t lost;     /* and of those before it */
};

/* One file as the processes of a running machine see it. */
struct image {
    struct image *next;
    char *path;
    uint8_t *data;
    bool *dirty; /* of each sector: only memory has it */
    size_t size, room;
    size_t cut; /* its shortest since the last sync, if it was truncated; else SIZE_MAX */
};

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the memory that SQLite gave */
    struct image *image;
};

/* A VFS is registered for a whole process, so its state is, too. */
static struct orders *orders;
static sqlite3_vfs *real_vfs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct image *images;
static uint64_t dice;

/* ---- Chance and fate ---- */

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
static uint64_t roll(uint64_t sides)
{
    uint64_t z = dice += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % sides;
}

static bool chance(uint64_t percent)
{
    return roll(PERCENT) < percent;
}

static bool counts_down(_Atomic uint64_t *left)
{
    return *left != 0 && --*left == 0;
}

static enum fate fate_of(enum operation op)
{
    if (orders->fail_op == op && counts_down(&orders->fail_in)) {
        orders->failed++;
        return FATE_FAIL;
    }
    return counts_down(&orders->die_in) ? FATE_DIE : FATE_OK;
}

static void die(void)
{
    raise(SIGKILL);
}

/* ---- Images ---- */

static size_t sectors(size_t size)
{
    return (size + SECTOR - 1) / SECTOR;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void mark(struct image *i, size_t sector, bool dirty)
{
    if (i->dirty[sector] != dirty)
        orders->unsynced += dirty ? 1 : (uint64_t)-1;
    i->dirty[sector] = dirty;
}

static void mark_range(struct image *i, size_t from, size_t to, bool dirty)
{
    for (size_t s = from / SECTOR; s < sectors(to); s++)
        mark(i, s, dirty);
}

/* Grows, with zeros. False: no memory. */
static bool image_extend(struct image *i, size_t size)
{
    size_t old = sectors(i->room), room = (size + CHUNK) / CHUNK * CHUNK * 2;
    uint8_t *data;
    bool *dirty;

    if (size > i->room) {
        if ((data = sqlite3_realloc64(i->data, room)) == NULL)
            return false;
        i->data = data;
        if ((dirty = sqlite3_realloc64(i->dirty, sectors(room) * sizeof *dirty)) == NULL)
            return false;
        i->dirty = dirty;
        memset(dirty + old, 0, (sectors(room) - old) * sizeof *dirty);
        i->room = room;
    }
    if (size > i->size) {
        memset(i->data + i->size, 0, size - i->size);
        mark_range(i, i->size, size, true);
        i->size = size;
    }
    return true;
}

static void image_shorten(struct image *i, size_t size)
{
    if (size >= i->size)
        return;
    mark_range(i, (size + SECTOR - 1) / SECTOR * SECTOR, i->size, false);
    i->size = size;
    i->cut = least(i->cut, size);
}

static struct image *image_find(const char *path)
{
    struct image *i = images;

    while (i != NULL && strcmp(i->path, path) != 0)
        i = i->next;
    return i;
}

static int image_load(struct image *i, sqlite3_file *real)
{
    sqlite3_int64 size = 0;
    int rc = real->pMethods->xFileSize(real, &size);

    if (rc != SQLITE_OK || !image_extend(i, (size_t)size))
        return rc != SQLITE_OK ? rc : SQLITE_NOMEM;
    for (size_t at = 0; at < i->size && rc == SQLITE_OK; at += CHUNK)
        rc = real->pMethods->xRead(real, i->data + at, (int)least(CHUNK, i->size - at),
                                   (sqlite3_int64)at);
    mark_range(i, 0, i->size, false);
    return rc;
}

/* An image outlives its openings: what a process did not sync it still sees when it opens again. */
static int image_get(const char *path, sqlite3_file *real, struct image **out)
{
    struct image *i = image_find(path);
    int rc;

    *out = i;
    if (i != NULL)
        return SQLITE_OK;
    if ((i = sqlite3_malloc64(sizeof *i)) == NULL)
        return SQLITE_NOMEM;
    *i = (struct image){ .cut = SIZE_MAX, .path = sqlite3_mprintf("%s", path) };
    if (i->path == NULL || (rc = image_load(i, real)) != SQLITE_OK)
        return SQLITE_IOERR; /* the server ends, and its memory with it */
    i->next = images;
    images = *out = i;
    return SQLITE_OK;
}

/* ---- To the disk ---- */

static int put(struct file *f, size_t from, size_t to)
{
    int rc = SQLITE_OK;

    for (size_t at = from; at < to && rc == SQLITE_OK; at += CHUNK)
        rc = f->real->pMethods->xWrite(f->real, f->image->data + at, (int)least(CHUNK, to - at),
                                       (sqlite3_int64)at);
    return rc;
}

static int put_cut(struct file *f, size_t size)
{
    sqlite3_int64 before = 0;
    int rc = f->real->pMethods->xFileSize(f->real, &before);

    if (rc == SQLITE_OK && (size_t)before > size)
        rc = f->real->pMethods->xTruncate(f->real, (sqlite3_int64)size);
    return rc;
}

/* Dirty sectors between two places: each with this chance, the last one perhaps in part. */
static void put_some(struct file *f, size_t from, size_t to, uint64_t percent)
{
    for (size_t s = from / SECTOR; s < sectors(to); s++) {
        size_t start = s * SECTOR, end = least(start + SECTOR, f->image->size);

        if (f->image->dirty[s] && start < end && chance(percent))
            put(f, start, chance(percent) ? end : start + roll(end - start + 1));
    }
}

/* What a disk may do on its own before it was asked: all of a write, its start, or pieces. */
static void put_early(struct file *f, size_t from, size_t to)
{
    switch (roll(3)) {
    case 0: put(f, from, to); break;
    case 1: put(f, from, from + roll(to - from + 1)); break;
    default: put_some(f, from, to, roll(PERCENT + 1)); break;
    }
}

static void put_part(struct file *f)
{
    if (f->image->cut != SIZE_MAX && chance(PERCENT / 2))
        put_cut(f, f->image->cut);
    put_some(f, 0, f->image->size, roll(PERCENT + 1));
}

static int put_all(struct file *f)
{
    struct image *i = f->image;
    int rc = i->cut != SIZE_MAX ? put_cut(f, i->cut) : SQLITE_OK;

    for (size_t s = 0, end; s < sectors(i->size) && rc == SQLITE_OK; s = end + 1) {
        for (end = s; end < sectors(i->size) && i->dirty[end]; end++)
            continue;
        if (end > s)
            rc = put(f, s * SECTOR, least(end * SECTOR, i->size));
    }
    return rc;
}

static void all_clean(struct image *i)
{
    mark_range(i, 0, i->size, false);
    i->cut = SIZE_MAX;
}

/* ---- Operations on files ---- */

static struct file *file_of(sqlite3_file *f)
{
    return (struct file *)f;
}

static int f_close(sqlite3_file *f)
{
    return file_of(f)->real->pMethods->xClose(file_of(f)->real);
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    const struct image *i = file_of(f)->image;
    size_t there;

    pthread_mutex_lock(&lock);
    there = (size_t)at < i->size ? least((size_t)n, i->size - (size_t)at) : 0;
    if (there > 0)
        memcpy(p, i->data + at, there);
    pthread_mutex_unlock(&lock);
    memset((uint8_t *)p + there, 0, (size_t)n - there);
    return there == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static bool image_write(struct image *i, const void *p, size_t n, size_t at)
{
    if (!image_extend(i, at + n))
        return false;
    memcpy(i->data + at, p, n);
    mark_range(i, at, at + n, true);
    return true;
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct file *file = file_of(f);
    size_t from = (size_t)at, length = (size_t)n;
    enum fate fate;
    int rc = SQLITE_OK;

    pthread_mutex_lock(&lock);
    fate = fate_of(OP_WRITE);
    if (fate == FATE_FAIL)
        length = roll(length + 1);
    if (length > 0 && !image_write(file->image, p, length, from))
        rc = SQLITE_IOERR_NOMEM;
    else if (length > 0 && (fate == FATE_DIE || chance(orders->early)))
        put_early(file, from, from + length);
    if (fate == FATE_FAIL)
        rc = (int)orders->fail_code;
    if (fate == FATE_DIE)
        die();
    pthread_mutex_unlock(&lock);
    return rc;
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct file *file = file_of(f);
    enum fate fate;

    pthread_mutex_lock(&lock);
    fate = fate_of(OP_TRUNCATE);
    if (fate != FATE_FAIL)
        image_shorten(file->image, (size_t)size);
    if (fate == FATE_DIE ? chance(PERCENT / 2) : fate == FATE_OK && chance(orders->early))
        put_cut(file, (size_t)size);
    if (fate == FATE_DIE)
        die();
    pthread_mutex_unlock(&lock);
    return fate == FATE_FAIL ? (int)orders->fail_code : SQLITE_OK;
}

static int f_sync(sqlite3_file *f, int flags)
{
    struct file *file = file_of(f);
    enum fate fate;
    int rc = SQLITE_OK;

    (void)flags;
    pthread_mutex_lock(&lock);
    fate = fate_of(OP_SYNC);
    if (fate != FATE_OK)
        put_part(file);
    if (fate == FATE_DIE)
        die();
    if (fate == FATE_FAIL)
        rc = (int)orders->fail_code;
    else if (!orders->forgetful)
        rc = put_all(file);
    if (fate == FATE_FAIL || !orders->forgetful)
        all_clean(file->image);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *out)
{
    pthread_mutex_lock(&lock);
    *out = (sqlite3_int64)file_of(f)->image->size;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

/* ---- What is the real file's: locks, and the index of the log in shared memory ---- */

#define PASS(f, call, ...) (file_of(f)->real->pMethods->call(file_of(f)->real, ##__VA_ARGS__))

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

/* Hints about the size would change the real file. */
static int f_control(sqlite3_file *f, int op, void *arg)
{
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
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

/* ---- The file system ---- */

/* Temporary files need not survive anything. */
static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    const int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
    struct file *file = file_of(f);
    int rc;

    (void)vfs;
    if (name == NULL || !(flags & kept))
        return real_vfs->xOpen(real_vfs, name, f, flags, out_flags);
    *file = (struct file){ .real = (sqlite3_file *)(file + 1) };
    rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    if (rc != SQLITE_OK)
        return rc;
    pthread_mutex_lock(&lock);
    orders->disks += images == NULL;
    rc = image_get(name, file->real, &file->image);
    pthread_mutex_unlock(&lock);
    if (rc == SQLITE_OK)
        file->base.pMethods = &methods;
    else
        file->real->pMethods->xClose(file->real);
    return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct image *i;

    (void)vfs;
    pthread_mutex_lock(&lock);
    if ((i = image_find(name)) != NULL) {
        image_shorten(i, 0);
        i->cut = SIZE_MAX;
    }
    pthread_mutex_unlock(&lock);
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

/* To SQLite an empty file does not exist, and the real one may be empty for want of a sync. */
static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    const struct image *i;

    (void)vfs;
    pthread_mutex_lock(&lock);
    i = flags == SQLITE_ACCESS_EXISTS ? image_find(name) : NULL;
    if (i != NULL)
        *out = i->size > 0;
    pthread_mutex_unlock(&lock);
    return i != NULL ? SQLITE_OK : real_vfs->xAccess(real_vfs, name, flags, out);
}

/* ---- Before main() ---- */

/* Without its disk a test would prove nothing, so the program does not start. */
static void refuse(const char *what)
{
    perror(what);
    _exit(1);
}

static struct orders *map_orders(void)
{
    const char *path = getenv("SOTTO_POWERCUT");
    int fd = open(path != NULL ? path : "", O_RDWR | O_CLOEXEC);
    void *p = MAP_FAILED;

    if (fd >= 0)
        p = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        refuse("powercut: SOTTO_POWERCUT");
    close(fd);
    return p;
}

__attribute__((constructor)) static void install(void)
{
    static sqlite3_vfs vfs;

    orders = map_orders();
    orders->lost += atomic_exchange(&orders->unsynced, 0);
    dice = orders->seed + orders->disks;
    if ((real_vfs = sqlite3_vfs_find(NULL)) == NULL)
        refuse("powercut: no VFS");
    vfs = *real_vfs;
    vfs.zName = "powercut";
    vfs.szOsFile += (int)sizeof(struct file);
    vfs.xOpen = v_open;
    vfs.xDelete = v_delete;
    vfs.xAccess = v_access;
    vfs.pNext = NULL;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        refuse("powercut: registration");
}
