/* run.h: the anchor at work: sockets, link and time given to the core, and its answers to them.
 *
 * Owns: nothing of what it is given.  Threads: one, no loop but its own.
 */
#ifndef SOTTO_ANCHOR_RUN_H
#define SOTTO_ANCHOR_RUN_H

#include "base/random.h"
#include "rtp/anchor_wire.h"

struct run_config {
    int supervisor;                            /* where links come from */
    int fds[2 * ANCHOR_PLACES];                /* of components 1 and 2 of each place */
    struct anchor_place places[ANCHOR_PLACES]; /* as announced */
    size_t place_count;
    struct random random;
};

/* What is made before the sandbox closes. */
struct run;
struct run *run_new(const struct run_config *config);
void run_free(struct run *r);
void run_until_orphaned(struct run *r);

#endif
