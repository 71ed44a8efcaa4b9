/* startup.h: what the supervisor holds for its life: configuration, folder, ports, its own
 * executable.
 *
 * Owns: all of it, until startup_close().  Threads: one.  Errors: printed on standard error, as
 * they are the answer to whoever typed the command.
 */
#ifndef SOTTO_SERVER_STARTUP_H
#define SOTTO_SERVER_STARTUP_H

#include "server/anchor_ports.h"
#include "server/binding.h"
#include "server/data_dir.h"
#include "server/handover.h"
#include "server/supervisor.h"

struct startup {
    struct arena arena;
    struct arena scratch; /* of the last startup_hand_over() */
    const struct config *config;
    struct log *log;
    struct data_dir dir;
    struct bindings bindings;
    struct anchor_ports anchor_ports;
    int control_fd;
    int program; /* our executable, as it was when we started */
};

/* The exit status to end with, or -1 to go on. */
int startup_open(const struct supervisor_options *options, struct startup *out);
void startup_close(struct startup *s); /* leaves the ports to the end of the process */

/* Prints problems. ERR_MALFORMED: the configuration; ERR_IO: its file. */
CHECKED enum err startup_load(const struct supervisor_options *options, const struct config **out);

/* Descriptors for one server process; the sealed ones are made anew. */
CHECKED enum err startup_hand_over(struct startup *s, struct handover *out, struct str *why);
void startup_close_sealed(struct handover *h);

#endif
