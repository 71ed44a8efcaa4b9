/* disk.c: see disk.h. */
#include "bench/load/disk.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench/load/clock.h"

enum {
    WRITE_BYTES = 16 * 1024, /* about what the commit of one message adds to a log */
    FILE_BYTES = 4 * 1024 * 1024,
    PAUSE_NS = 10 * 1000 * 1000, /* often enough for a 99th percentile, too seldom to be a load */
};

struct disk_probe {
    pthread_t thread;
    atomic_bool stopping;
    int fd;
    struct histogram took;
    char block[WRITE_BYTES];
};

/* Over and over the same range, which is there already: a log that is reused does that. */
static bool write_and_wait(struct disk_probe *p, off_t at)
{
    uint64_t start = clock_ns();

    if (pwrite(p->fd, p->block, sizeof p->block, at) != (ssize_t)sizeof p->block
        || fdatasync(p->fd) != 0)
        return false;
    histogram_add(&p->took, clock_ns() - start);
    return true;
}

static void *probe_main(void *arg)
{
    static const struct timespec pause = { .tv_nsec = PAUSE_NS };
    struct disk_probe *p = arg;
    off_t at = 0;

    while (!atomic_load(&p->stopping) && write_and_wait(p, at)) {
        at = (at + (off_t)sizeof p->block) % FILE_BYTES;
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static enum err fill_file(struct disk_probe *p)
{
    for (off_t at = 0; at < FILE_BYTES; at += (off_t)sizeof p->block)
        if (pwrite(p->fd, p->block, sizeof p->block, at) != (ssize_t)sizeof p->block)
            return ERR_IO;
    return fsync(p->fd) == 0 ? ERR_NONE : ERR_IO;
}

enum err disk_probe_start(const char *folder, struct disk_probe **out)
{
    struct disk_probe *p = mem_alloc(sizeof *p);

    memset(p->block, 'x', sizeof p->block);
    p->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (p->fd >= 0 && fill_file(p) == ERR_NONE
        && pthread_create(&p->thread, NULL, probe_main, p) == 0) {
        *out = p;
        return ERR_NONE;
    }
    if (p->fd >= 0)
        close(p->fd);
    mem_free(p);
    return ERR_IO;
}

void disk_probe_stop(struct disk_probe *p, struct histogram *out)
{
    if (p == NULL)
        return;
    atomic_store(&p->stopping, true);
    pthread_join(p->thread, NULL);
    *out = p->took;
    close(p->fd);
    mem_free(p);
}
