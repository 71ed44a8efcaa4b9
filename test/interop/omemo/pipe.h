/* pipe.h: an OMEMO device behind standard input and output, so that test_omemo_core.py can let
 * implementations talk to each other.
 *
 *   bundle                          IDENTITY SIGNED_ID SIGNED_KEY SIGNATURE PREKEY_ID PREKEY
 *   start (those six)               ok
 *   send PLAIN                      exchange OCTETS, or: message OCTETS
 *   exchange OCTETS                 plain PLAIN
 *   message OCTETS                  plain PLAIN
 *   forget                          ok: it knows nothing of the other device any more
 *
 * One line each way; what fails is answered by `error` and why. Octets are hexadecimal. Keys have
 * no type octet; an identity is in the form of the version.
 */
#ifndef SOTTO_TEST_INTEROP_OMEMO_PIPE_H
#define SOTTO_TEST_INTEROP_OMEMO_PIPE_H

#include "base/str.h"

enum { PIPE_KEY = 32, PIPE_SIGNATURE = 64, PIPE_ROOM = 1024 };

struct pipe_bundle {
    uint8_t identity[PIPE_KEY], signed_key[PIPE_KEY], prekey[PIPE_KEY];
    uint8_t signature[PIPE_SIGNATURE];
    uint32_t signed_id, prekey_id;
};

struct pipe_octets {
    uint8_t p[PIPE_ROOM];
    size_t n;
};

/* Each returns NULL, or why not. */
struct pipe_device {
    void *self;
    const char *(*bundle)(void *self, struct pipe_bundle *out);
    const char *(*start)(void *self, const struct pipe_bundle *theirs);
    const char *(*send)(void *self, struct bytes plain, bool *is_exchange, struct pipe_octets *out);
    const char *(*receive)(void *self, bool is_exchange, struct bytes in, struct pipe_octets *out);
    const char *(*forget)(void *self);
};

int pipe_serve(const struct pipe_device *device); /* until the end of standard input */

#endif
