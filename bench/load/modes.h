/* modes.h: what sotto-load can do. Each mode fills run->report; failures are told by run_fail(). */
#ifndef SOTTO_BENCH_MODES_H
#define SOTTO_BENCH_MODES_H

#include "bench/load/run.h"

struct mode {
    const char *name, *summary;
    size_t (*members)(const struct options *o); /* how many clients it needs */
    void (*run)(struct run *r);
};

extern const struct mode login_mode, idle_mode, pairs_mode, rate_mode;

#endif
