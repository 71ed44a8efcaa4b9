/* identity.h: the long-term key of a device, ours with its secret and theirs without.
 *
 * One Ed25519 seed is an identity of both versions: OMEMO 2 shows the Ed25519 form of the public
 * key, 0.3 the Curve25519 form. The latter lacks the sign of a coordinate, which signatures of 0.3
 * therefore carry in their last bit; once seen it is remembered. Two keys are the same identity if
 * their Curve25519 forms are: that form is what people compare.
 *
 * Owns: nothing.  Threads: pure.  Units: octets.
 * Errors: ERR_MALFORMED for octets that are no key, ERR_DENIED for a signature that does not fit.
 * Secrets: struct identity; whoever holds one zeroes it.
 */
#ifndef SOTTO_OMEMO_IDENTITY_H
#define SOTTO_OMEMO_IDENTITY_H

#include "base/random.h"
#include "omemo/dialect.h"

struct identity {
    uint32_t device_id;
    uint8_t seed[OMEMO_KEY];   /* all that must be kept; the rest is derived from it */
    uint8_t ed[OMEMO_KEY];     /* public, Ed25519 */
    uint8_t scalar[OMEMO_KEY]; /* secret, X25519 */
    uint8_t curve[OMEMO_KEY];  /* public, X25519 */
};

void identity_init(struct identity *self, uint32_t device_id, const uint8_t seed[OMEMO_KEY]);
void identity_make(struct identity *self, const struct random *random); /* id and seed by chance */

struct identity_key {
    uint8_t curve[OMEMO_KEY];
    uint8_t ed[OMEMO_KEY]; /* if known */
    bool has_ed;
};

struct identity_key identity_public(const struct identity *self);
/* From the form that `version` has on the wire, and back; OMEMO 2 has no form for a key whose sign
 * is unknown (NULL). */
CHECKED enum err identity_key_read(enum omemo version, const uint8_t wire[OMEMO_KEY],
                                   struct identity_key *out);
const uint8_t *identity_key_wire(enum omemo version, const struct identity_key *key);
bool identity_same(const struct identity_key *a, const struct identity_key *b);

/* Of a Curve25519 key that is published (a signed prekey). Verifying learns the sign of a key of
 * 0.3. */
void identity_sign(enum omemo version, const struct identity *self, const uint8_t key[OMEMO_KEY],
                   uint8_t out[OMEMO_SIGNATURE]);
CHECKED enum err identity_verify(enum omemo version, struct identity_key *signer,
                                 const uint8_t key[OMEMO_KEY],
                                 const uint8_t signature[OMEMO_SIGNATURE]);

/* For people: eight groups of eight hexadecimal digits, the same in both versions (XEP-0384 §8). */
struct str identity_fingerprint(struct arena *a, const struct identity_key *key);

#endif
