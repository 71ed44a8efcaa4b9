/* test_log_vfs.c: whatever order of writes, reads, syncs and truncations, the log reads as if
 * nothing were gathered.
 */
#include "server/store/sqlite/log_vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "faulty_vfs.h"

enum { SIZE_MAX_OCTETS = 600000, STEPS = 4000, SEEDS = 5 };

struct shadow {
    sqlite3_file *file;
    char *content;
    int size;
    uint64_t random;
    int next; /* where the last write ended */
};

static int below(struct shadow *s, int n)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (int)((s->random >> 33) % (uint64_t)n);
}

/* Mostly where the last one ended, as a log is written. */
static void write_some(struct shadow *s)
{
    static char octets[140000];
    static const int sizes[] = { 24, 4096, 32, 1, 120 * 1024, 130000 };
    int n = sizes[below(s, below(s, 20) == 0 ? 6 : 4)],
        at = below(s, 5) ? s->next : below(s, s->size + 1);

    if (at + n > SIZE_MAX_OCTETS)
        return;
    memset(octets, below(s, 256), (size_t)n);
    assert_int_equal(s->file->pMethods->xWrite(s->file, octets, n, at), SQLITE_OK);
    if (at > s->size)
        memset(s->content + s->size, 0, (size_t)(at - s->size));
    memcpy(s->content + at, octets, (size_t)n);
    s->next = at + n;
    if (s->next > s->size)
        s->size = s->next;
}

static void read_some(struct shadow *s)
{
    static char octets[8192];
    int n = 1 + below(s, sizeof octets), at = below(s, s->size + 1);

    if (at + n > s->size)
        return;
    assert_int_equal(s->file->pMethods->xRead(s->file, octets, n, at), SQLITE_OK);
    assert_memory_equal(octets, s->content + at, n);
}

static void step(struct shadow *s)
{
    sqlite3_int64 size = 0;

    switch (below(s, 40)) {
    case 0:
        s->size = s->next = below(s, s->size + 1);
        assert_int_equal(s->file->pMethods->xTruncate(s->file, s->size), SQLITE_OK);
        break;
    case 1:
        assert_int_equal(s->file->pMethods->xFileSize(s->file, &size), SQLITE_OK);
        assert_int_equal(size, s->size);
        break;
    case 2:
        assert_int_equal(s->file->pMethods->xSync(s->file, SQLITE_SYNC_NORMAL), SQLITE_OK);
        break;
    case 3:
    case 4: read_some(s); break;
    default: write_some(s); break;
    }
}

/* An opened log, named as SQLite names it. */
static sqlite3_file *open_log(struct log_vfs *v, const char *folder)
{
    static char name[100];
    sqlite3_file *file = mem_alloc((size_t)v->base.szOsFile);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    FILE *db;

    snprintf(name, sizeof name, "%s/x.db", folder);
    db = fopen(name, "w");
    assert_non_null(db);
    fclose(db);
    snprintf(name, sizeof name, "%s/x.db-wal", folder);
    assert_int_equal(v->base.xOpen(&v->base, name, file, flags, NULL), SQLITE_OK);
    return file;
}

static void close_log(sqlite3_file *file, const char *folder)
{
    char name[100];

    file->pMethods->xClose(file);
    mem_free(file);
    snprintf(name, sizeof name, "%s/x.db-wal", folder);
    unlink(name);
    snprintf(name, sizeof name, "%s/x.db", folder);
    unlink(name);
    rmdir(folder);
}

static void random_use(void **state)
{
    struct log_vfs v;

    (void)state;
    assert_int_equal(log_vfs_init(&v), ERR_NONE);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char folder[] = "/tmp/sotto-log-XXXXXX";
        struct shadow s = { .random = seed };

        assert_non_null(mkdtemp(folder));
        s.file = open_log(&v, folder);
        s.content = mem_alloc(SIZE_MAX_OCTETS);
        for (int i = 0; i < STEPS; i++)
            step(&s);
        mem_free(s.content);
        close_log(s.file, folder);
    }
    log_vfs_deinit(&v);
}

/* A write that fails later shows in the next call that matters, and is not tried again behind
 * SQLite's back. */
static void late_failure(void **state)
{
    struct log_vfs v;
    char folder[] = "/tmp/sotto-log-XXXXXX", octets[100] = "x";
    sqlite3_file *file;

    (void)state;
    faulty_vfs_install();
    assert_int_equal(log_vfs_init(&v), ERR_NONE);
    assert_non_null(mkdtemp(folder));
    file = open_log(&v, folder);
    faulty_vfs_arm(FAULT_WRITE, 1, SQLITE_FULL);
    assert_int_equal(file->pMethods->xWrite(file, octets, sizeof octets, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_FULL);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    faulty_vfs_arm(FAULT_WRITE, 1, SQLITE_IOERR_WRITE);
    assert_int_equal(file->pMethods->xWrite(file, octets, sizeof octets, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xWrite(file, octets, sizeof octets, 5000), SQLITE_IOERR_WRITE);
    close_log(file, folder);
    log_vfs_deinit(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(random_use),
                                        cmocka_unit_test(late_failure) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
