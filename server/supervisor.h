/* supervisor.h: sottod as the operator starts it: configuration, folder, ports; then it keeps the
 * server process alive until it is told to stop. It parses nothing from the network.
 *
 * Owns: everything until its return.  Threads: one, no loop: signals arrive on a descriptor.
 */
#ifndef SOTTO_SERVER_SUPERVISOR_H
#define SOTTO_SERVER_SUPERVISOR_H

#include <stddef.h>

struct supervisor_options {
    const char *file;             /* NULL: none */
    const char *const *overrides; /* section.key=value */
    size_t override_count;
    const char *recording; /* of --replay-stanzas */
};

/* Exit statuses: 0 clean, 1 failure, 2 bad configuration. */
int supervisor_run(const struct supervisor_options *options);

#endif
