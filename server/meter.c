/* meter.c: add up what workers and store counted, ask the store and the system for the rest. */
#include "server/meter.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/event_log.h"

enum { SAMPLES = 7 }; /* the oldest is a minute old */

struct meter {
    struct meter_host host;
    uint64_t started_ms, disk_free_bytes, disk_bytes;
    struct sample samples[SAMPLES];
    size_t sample_count, oldest;
};

static void take_sample(const struct meter *m, struct sample *out)
{
    const struct worker_group *g = m->host.group;

    *out = (struct sample){ .at_ms = clock_steady_ms() };
    for (unsigned w = 0; w < g->count; w++)
        for (unsigned i = 0; i < COUNTER_COUNT; i++)
            out->n[i] += counter_get(worker_counters(g->workers[w]), i);
    store_stats(g->store, &out->store);
}

struct meter *meter_new(const struct meter_host *host)
{
    struct meter *m = mem_alloc(sizeof *m);

    m->host = *host;
    m->started_ms = clock_wall_ms();
    meter_note(m);
    return m;
}

void meter_free(struct meter *m)
{
    mem_free(m);
}

void meter_note(struct meter *m)
{
    take_sample(m, &m->samples[(m->oldest + m->sample_count) % SAMPLES]);
    if (m->sample_count < SAMPLES)
        m->sample_count++;
    else
        m->oldest = (m->oldest + 1) % SAMPLES;
}

void meter_disk(struct meter *m, uint64_t free_bytes, uint64_t bytes)
{
    m->disk_free_bytes = free_bytes;
    m->disk_bytes = bytes;
}

/* ---- The process ----------------------------------------------------------------------------- */

/* Files of /proc were opened before the sandbox closed (server.h). The second number of statm is
 * what is resident, in pages: proc(5). */
static uint64_t resident_bytes(int statm_fd)
{
    char text[128];
    ssize_t n = statm_fd >= 0 ? pread(statm_fd, text, sizeof text, 0) : -1;
    struct str line = { text, n > 0 ? (size_t)n : 0 };
    uint64_t pages;

    str_split(&line, ' ');
    if (str_to_u64(str_split(&line, ' '), UINT32_MAX, &pages) != ERR_NONE)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t count_entries(int folder_fd)
{
    int fd = folder_fd >= 0 ? dup(folder_fd) : -1;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    uint64_t n = 0;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    rewinddir(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(folder);
    return n - 1; /* our own */
}

static uint64_t timeval_us(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

static void read_process(const struct server_boot *boot, struct reading *r)
{
    struct rusage used;
    struct rlimit files;

    if (getrusage(RUSAGE_SELF, &used) == 0)
        r->cpu_us = timeval_us(used.ru_utime) + timeval_us(used.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        r->max_fds = files.rlim_cur;
    r->resident_bytes = resident_bytes(boot->statm_fd);
    r->open_fds = count_entries(boot->fds_fd);
}

/* ---- Asking the store ------------------------------------------------------------------------ */

struct asking {
    struct meter *meter;
    meter_read_fn *done;
    void *ctx;
    struct store_query sizes, uploads;
};

static void finish(struct asking *a)
{
    struct meter *m = a->meter;
    struct worker_group *g = m->host.group;
    struct arena arena = { 0 };
    uint64_t *lag_ms = arena_alloc(&arena, g->count * sizeof *lag_ms);
    struct reading r = {
        .before = m->samples[m->oldest],
        .lag_ms = lag_ms,
        .workers = g->count,
        .now_ms = clock_wall_ms(),
        .started_ms = m->started_ms,
        .accounts = a->sizes.out.stats.accounts,
        .messages = a->sizes.out.stats.messages,
        .entries = a->sizes.out.stats.entries,
        .file_bytes = a->sizes.out.stats.file_bytes,
        .free_bytes = a->sizes.out.stats.free_bytes,
        .wal_bytes = a->sizes.out.stats.wal_bytes,
        .uploads = a->uploads.out.upload.files,
        .upload_bytes = a->uploads.out.upload.bytes,
        .events_dropped = event_log_dropped(g->events),
        .disk = disk_level(g->disk),
        .disk_free_bytes = m->disk_free_bytes,
        .disk_bytes = m->disk_bytes,
        .certificate_end_ms = *m->host.certificate_end_ms,
        .anchor = m->host.anchor,
    };

    take_sample(m, &r.now);
    for (unsigned i = 0; i < g->count; i++)
        lag_ms[i] = counter_get(worker_counters(g->workers[i]), COUNTER_LAG_MS);
    read_process(g->boot, &r);
    a->done(a->ctx, a->sizes.op.result == ERR_NONE && a->uploads.op.result == ERR_NONE ? &r : NULL);
    arena_deinit(&arena);
}

static void uploads_counted(struct store_op *op)
{
    struct asking *a = CONTAINER_OF(op, struct asking, uploads.op);

    finish(a);
    arena_deinit(&a->sizes.op.arena);
    arena_deinit(&a->uploads.op.arena);
    mem_free(a);
}

static void sizes_known(struct store_op *op)
{
    struct asking *a = CONTAINER_OF(op, struct asking, sizes.op);

    a->uploads.kind = QUERY_UPLOAD_USE;
    a->uploads.in.upload.account = UPLOADS_OF_ALL;
    a->uploads.op.home = a->meter->host.home;
    a->uploads.op.done = uploads_counted;
    store_query(a->meter->host.group->store, &a->uploads);
}

void meter_read(struct meter *m, meter_read_fn *done, void *ctx)
{
    struct asking *a = mem_alloc(sizeof *a);

    a->meter = m;
    a->done = done;
    a->ctx = ctx;
    a->sizes.kind = QUERY_STATS;
    a->sizes.op.home = m->host.home;
    a->sizes.op.done = sizes_known;
    store_query(m->host.group->store, &a->sizes);
}
