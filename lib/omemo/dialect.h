/* dialect.h: the two versions of OMEMO that clients speak (XEP-0384 0.3.0 and 0.9), and the
 * constants in which they differ.
 *
 * Both run the same key agreement and the same ratchet. They differ in the form of keys on the
 * wire, in the labels of their key derivations, in what a MAC covers, and in how the payload is
 * sealed. Sessions belong to one version; an identity serves both.
 * Owns: nothing.  Threads: pure.  Units: octets.
 */
#ifndef SOTTO_OMEMO_DIALECT_H
#define SOTTO_OMEMO_DIALECT_H

#include "base/str.h"

enum omemo { OMEMO_03, OMEMO_2 };

enum {
    OMEMO_VERSIONS = 2,
    OMEMO_KEY = 32,            /* a key of either curve, without the type octet of 0.3 */
    OMEMO_SIGNATURE = 64,      /* Ed25519, RFC 8032 */
    OMEMO_ID_MAX = 0x7fffffff, /* of devices and keys: several clients read them as a signed int */
    OMEMO_KEY_TYPE = 0x05,     /* "this is a Curve25519 key", before each key of 0.3 */
};

struct dialect {
    struct str ns;
    struct str x3dh_info, root_info, message_info; /* labels of HKDF */
    size_t mac_size;
};

const struct dialect *dialect_of(enum omemo version);

#endif
