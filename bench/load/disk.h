/* disk.h: how long the disk itself takes while a load runs: a thread writes a little to a file of its own and waits for
 * it, again and again, as a server does that acknowledges nothing before it is on the disk.
 *
 * Owns: its thread, and a file without a name.  Threads: start and stop from one.  Errors: ERR_IO.
 * Units: nanoseconds.
 */
#ifndef SOTTO_BENCH_DISK_H
#define SOTTO_BENCH_DISK_H

#include "base/err.h"
#include "bench/load/histogram.h"

struct disk_probe;

CHECKED enum err disk_probe_start(const char *folder, struct disk_probe **out);

/* Ends it; what it measured goes to *out. NULL is allowed. */
void disk_probe_stop(struct disk_probe *p, struct histogram *out);

#endif
