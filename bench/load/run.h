/* run.h: what every mode needs: the fleet, the accounts' password, errors told once, the report.
 *
 * Owns: fleet, keyring, report.  Threads: one.
 */
#ifndef SOTTO_BENCH_RUN_H
#define SOTTO_BENCH_RUN_H

#include <jansson.h>

#include "bench/load/fleet.h"
#include "bench/load/histogram.h"
#include "bench/load/options.h"

/* Exit codes. */
enum run_status { RUN_DONE = 0, RUN_FAILED = 1, RUN_BAD_USAGE = 2, RUN_SERVER_LOST = 3 };

struct run {
    const struct options *options;
    struct fleet fleet;
    struct keyring keyring;
    char password[256];
    enum run_status status;
    char why[512]; /* of the first failure; also told on stderr */
    json_t *report;
    bool terminal;        /* a person watches standard error */
    uint64_t progress_ns; /* when the progress line was last written */
};

/* Server, generator and the whole machine at one moment. */
struct reading {
    uint64_t ns, own_cpu_us;
    struct proc_usage server;
    struct proc_machine machine;
};

CHECKED enum err run_init(struct run *r, const struct options *o, size_t members);
void run_deinit(struct run *r);

/* The first failure decides status and text; later ones are its consequences. Returns false. */
bool run_fail(struct run *r, enum run_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool run_lost(struct run *r, const struct fleet_event *lost); /* FLEET_LOST as a failure */

void run_progress(struct run *r, const char *format, ...) /* on a terminal only */
    __attribute__((format(printf, 2, 3)));

/* Logs in the members from `from` to before `to`, one account each and round again. */
bool run_log_in(struct run *r, size_t from, size_t to);
bool run_rest(struct run *r, uint64_t seconds); /* keeps answering meanwhile */

bool run_read_cpu(struct run *r, struct reading *out);
bool run_read_memory(struct run *r, struct proc_usage *out);

/* Parts of the report. */
json_t *run_latency_json(const struct histogram *h);
json_t *run_cost_json(const struct run *r, const struct reading *from, const struct reading *to,
                      uint64_t count, const char *unit);
json_t *run_machine_json(const struct reading *from, const struct reading *to);
json_t *run_generator_json(const struct reading *from, const struct reading *to, uint64_t count,
                           const char *unit);
void run_print(const struct run *r, FILE *out);

#endif
