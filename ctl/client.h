/* client.h: one conversation with the control socket (server/control.h describes the protocol).
 *
 * Owns: its descriptor and buffer.  Threads: one, blocking.  Errors: ERR_MISSING: nobody there,
 * with a sentence; ERR_IO: the server went away.
 */
#ifndef SOTTO_CTL_CLIENT_H
#define SOTTO_CTL_CLIENT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"

struct client {
    int fd;
    struct buf in;
};

CHECKED enum err client_open(const char *path, struct client *out, struct str *why,
                             struct arena *a);
void client_close(struct client *c);
CHECKED enum err client_send(struct client *c, const json_t *request);
CHECKED enum err client_receive(struct client *c, json_t **out); /* one object; returns owned */

#endif
