/* x3dh.h: the key agreement that begins a session (XEP-0384 §4.3; the X3DH paper, §3.3).
 *
 *     secret = HKDF(salt 0^32, 0xff^32 ‖ DH1 ‖ DH2 ‖ DH3 [‖ DH4], label of the version)
 *     DH1 = identity of the initiator × signed prekey
 *     DH2 = ephemeral key × identity of the acceptor
 *     DH3 = ephemeral key × signed prekey
 *     DH4 = ephemeral key × one-time prekey, if there is one
 *
 * Owns: nothing.  Threads: pure.  Units: octets.
 * Errors: ERR_MALFORMED for a public key that gives an all-zero product.
 * Secrets: the result, which the caller zeroes.
 */
#ifndef SOTTO_OMEMO_X3DH_H
#define SOTTO_OMEMO_X3DH_H

#include "omemo/dialect.h"

/* Each is OMEMO_KEY octets of X25519; `prekey` is NULL where there is none (0.3 only). */
struct x3dh_initiator {
    const uint8_t *identity_secret, *ephemeral_secret;
    const uint8_t *their_identity, *their_signed_prekey, *their_prekey;
};

struct x3dh_acceptor {
    const uint8_t *identity_secret, *signed_prekey_secret, *prekey_secret;
    const uint8_t *their_identity, *their_ephemeral;
};

CHECKED enum err x3dh_initiate(enum omemo version, const struct x3dh_initiator *in,
                               uint8_t out[OMEMO_KEY]);
CHECKED enum err x3dh_accept(enum omemo version, const struct x3dh_acceptor *in,
                             uint8_t out[OMEMO_KEY]);

#endif
