/* component_secret.h: a program beside the server that has a domain of its own (XEP-0114): one item of component.secret.
 *
 * Threads: read-only.
 */
#ifndef SOTTO_SERVER_COMPONENT_SECRET_H
#define SOTTO_SERVER_COMPONENT_SECRET_H

#include "base/arena.h"

enum { COMPONENT_SECRET_MIN = 16, COMPONENT_SECRET_MAX = 256 };

struct component_secret {
    struct str domain; /* prepared */
    struct str secret;
};

/* DOMAIN=SECRET, the secret printable and without blanks. ERR_MALFORMED. */
CHECKED enum err component_secret_read(struct arena *a, struct str text,
                                       struct component_secret *out);

#endif
