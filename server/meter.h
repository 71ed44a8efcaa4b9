/* meter.h: what the server is doing, gathered when somebody asks: the source of `sottoctl stats` and
 * of listen.metrics.
 *
 * Workers and store only count; adding up, sizes and rates are the business of whoever asks.
 * Owns: its samples of the last minute.  Threads: the server's main one.
 */
#ifndef SOTTO_SERVER_METER_H
#define SOTTO_SERVER_METER_H

#include "server/anchor_link.h"
#include "server/worker.h"

/* What is counted, at one moment. */
struct sample {
    uint64_t at_ms;            /* clock_steady_ms() */
    uint64_t n[COUNTER_COUNT]; /* of all workers */
    struct store_stats store;
};

struct reading {
    struct sample now, before; /* `before`: about a minute ago, or at the start */
    const uint64_t *lag_ms;    /* per worker */
    unsigned workers;
    uint64_t now_ms, started_ms; /* since the epoch */
    uint64_t accounts, messages, entries;
    uint64_t file_bytes, free_bytes, wal_bytes; /* of the database: all, unused, its log */
    uint64_t uploads, upload_bytes;             /* that are kept */
    uint64_t events_dropped;
    enum disk_level disk;
    uint64_t disk_free_bytes, disk_bytes;
    uint64_t certificate_end_ms;
    const struct anchor_stats *anchor;
    uint64_t cpu_us, resident_bytes, open_fds, max_fds;
};

typedef void meter_read_fn(void *ctx, const struct reading *r); /* NULL: the store did not answer */

struct meter_host {
    struct worker_group *group;
    unsigned home;                      /* of store operations that complete here */
    const uint64_t *certificate_end_ms; /* of the certificate in use */
    const struct anchor_stats *anchor;
};

struct meter;
struct meter *meter_new(const struct meter_host *host);
void meter_free(struct meter *m); /* NULL is allowed */
void meter_note(struct meter *m); /* call every METER_NOTE_MS */
void meter_disk(struct meter *m, uint64_t free_bytes, uint64_t bytes);
void meter_read(struct meter *m, meter_read_fn *done, void *ctx);

enum { METER_NOTE_MS = 10 * 1000 };

#endif
