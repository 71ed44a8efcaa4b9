/* payload.h: the text of a message under a key of its own, which then travels in a session with
 * each device.
 *
 *   0.3   AES-128-GCM of the body; the sessions carry key[16] tag[16], the stanza iv and ciphertext
 *   2     HKDF(key[32], "OMEMO Payload") = cipher key, MAC key, iv; AES-256-CBC of an SCE envelope
 *         (sce.h); the sessions carry key[32] HMAC[16]
 *
 * A message without payload does something for the session only ("empty message", "key transport").
 * Owns: nothing; results live in the arena, but the key.  Threads: pure.  Units: octets.
 * Errors: ERR_DENIED (altered), ERR_MALFORMED, ERR_UNSUPPORTED (clients before 2017 left the tag of
 * 0.3 in the payload).
 * Secrets: `key`, which the caller zeroes.
 */
#ifndef SOTTO_OMEMO_PAYLOAD_H
#define SOTTO_OMEMO_PAYLOAD_H

#include "base/random.h"
#include "omemo/codec.h"

enum {
    PAYLOAD_MAX = 256 * 1024,
    PAYLOAD_IV = 12,      /* of 0.3, as everybody sends it */
    PAYLOAD_IV_LONG = 16, /* as some did, and it is read */
};

struct payload {
    uint8_t key[CODEC_PLAIN_MAX]; /* for the sessions */
    size_t key_n;
    struct bytes iv; /* 0.3 */
    bool has_sealed;
    struct bytes sealed;
};

void payload_seal(enum omemo version, struct arena *a, const struct random *random,
                  struct bytes plain, struct payload *out);
void payload_empty(enum omemo version, struct arena *a, const struct random *random,
                   struct payload *out);

/* p->key as it came out of a session; p->has_sealed is true. */
CHECKED enum err payload_open(enum omemo version, struct arena *a, const struct payload *p,
                              struct bytes *out);

#endif
