/* handover.h: what the supervisor gives to the server process: numbers of inherited descriptors, as
 * text in sealed memory on descriptor HANDOVER_FD. Everything secret or long is behind one of those
 * descriptors.
 *
 * Owns: nothing; results live in the arena.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_SERVER_HANDOVER_H
#define SOTTO_SERVER_HANDOVER_H

#include "server/server.h"

enum { HANDOVER_FD = 3, HANDOVER_MAX = 1024 * 1024 };

struct handover {
    int supervisor_pid;
    int config_fd, certificate_fd, key_fd; /* sealed memory */
    int data_dir_fd, server_lock_fd, control_fd, supervisor_fd;
    bool self_signed;
    const struct boot_listener *listeners;
    size_t listener_count;
    unsigned workers; /* descriptors of each listener */
};

void handover_write(const struct handover *h, struct buf *out);
CHECKED enum err handover_read(struct str text, struct arena *a, struct handover *out);

#endif
