/* progress.h: how far long work is, on a terminal; scripts see nothing of it.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_PROGRESS_H
#define SOTTO_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct program;

struct progress {
    const struct program *program; /* whose terminal */
    const char *doing;             /* "sending" */
    bool shown;
};

/* total 0: nobody knows. */
void progress_show(struct progress *p, uint64_t done, uint64_t total);
void progress_end(struct progress *p); /* clears the line */

#endif
