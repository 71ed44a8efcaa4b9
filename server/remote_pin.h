/* remote_pin.h: another server that the operator has named by its certificate: one item of s2s.pin.
 *
 * Threads: read-only.
 */
#ifndef SOTTO_SERVER_REMOTE_PIN_H
#define SOTTO_SERVER_REMOTE_PIN_H

#include "base/arena.h"

struct remote_pin {
    struct str domain;  /* prepared */
    struct str address; /* HOST:PORT or [V6]:PORT, where it listens; never a name */
    uint8_t sha256[32]; /* of its certificate in DER */
};

/* DOMAIN=HOST:PORT=SHA256, the hash as 64 hexadecimal digits, with or without colons. ERR_MALFORMED. */
CHECKED enum err remote_pin_read(struct arena *a, struct str text, struct remote_pin *out);

#endif
