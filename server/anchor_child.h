/* anchor_child.h: sotto-anchor as a child of the supervisor: started, told of links to the server, started again when it dies.
 *
 * It has the ports and one socket to the supervisor, through which it is handed its link to each new server process. Nothing else
 * of the supervisor's is open in it.
 * Owns: the socket and the process.  Threads: the supervisor's only one.  Units: milliseconds of clock_steady_ms().
 */
#ifndef SOTTO_SERVER_ANCHOR_CHILD_H
#define SOTTO_SERVER_ANCHOR_CHILD_H

#include <sys/types.h>

#include "server/anchor_ports.h"
#include "server/log.h"

struct anchor_child {
    const struct anchor_ports *ports;
    struct log *log;
    int program; /* -1: there is none beside our own */
    pid_t pid;   /* 0: does not run */
    int fd;      /* ours of the pair; -1: none */
    uint64_t born_ms;
    uint64_t start_ms; /* when to start it; 0: not to be started */
    unsigned back_off_ms;
};

/* Finds the program and starts it, if there are ports. */
void anchor_child_init(struct anchor_child *a, const struct anchor_ports *ports, struct log *log);
void anchor_child_deinit(struct anchor_child *a); /* ends it */

/* True: its time had come, and it was started; it wants a link. */
bool anchor_child_due(struct anchor_child *a);
void anchor_child_ended(struct anchor_child *a, int how); /* of waitpid() */

/* A new link: one end goes to the anchor, the other is returned; -1: it does not run. */
int anchor_child_link(const struct anchor_child *a);

#endif
