/* proc.h: what the server's processes have used, read from /proc.
 *
 * Children count with their parent, also those that have ended, so a server may fork as it likes.
 * Owns: nothing.  Threads: pure but for the files it reads.  Errors: ERR_MISSING if a process that was
 * named is gone.  Units: microseconds (the kernel's resolution is 10 ms), bytes.
 */
#ifndef SOTTO_BENCH_PROC_H
#define SOTTO_BENCH_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum { PROC_NAMED_MAX = 32, PROC_ALL_MAX = 1024 };

struct proc_set {
    struct {
        pid_t pid;
        bool tree;
    } named[PROC_NAMED_MAX]; /* tree: with all descendants */
    unsigned n;
};

struct proc_usage {
    unsigned processes, threads;
    uint64_t cpu_us, user_us;
    uint64_t voluntary, involuntary; /* context switches of living threads */
    uint64_t rss, private_bytes;     /* private: what would be freed if it ended */
};

/* All cores together. `stolen` is what the hypervisor gave to others. */
struct proc_machine {
    uint64_t busy_us, stolen_us;
    unsigned cores;
};

CHECKED enum err proc_cpu(const struct proc_set *set, struct proc_usage *out); /* all but memory */
CHECKED enum err proc_memory(const struct proc_set *set, struct proc_usage *out); /* memory only */

void proc_machine(struct proc_machine *out);

/* CPU time of this process so far. */
uint64_t proc_own_cpu_us(void);

#endif
