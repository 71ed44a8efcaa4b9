/* stun_wire.h: the numbers of STUN, for its reader and its writer.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_RTP_STUN_WIRE_H
#define SOTTO_RTP_STUN_WIRE_H

#include "base/str.h"

#define STUN_COOKIE          UINT32_C(0x2112a442)
#define STUN_FINGERPRINT_XOR UINT32_C(0x5354554e)

enum {
    STUN_BINDING = 1,
    STUN_ATTRIBUTE_HEADER = 4,
    STUN_INTEGRITY = 20,
    STUN_FAMILY_V4 = 1,
    STUN_FAMILY_V6 = 2,
    STUN_OPTIONAL = 0x8000, /* attributes that need not be understood: RFC 8489 §14 */
};

enum stun_attribute {
    STUN_USERNAME = 0x0006,
    STUN_MESSAGE_INTEGRITY = 0x0008,
    STUN_ERROR_CODE = 0x0009,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_FINGERPRINT = 0x8028,
    STUN_ICE_CONTROLLED = 0x8029,
    STUN_ICE_CONTROLLING = 0x802a,
};

uint32_t stun_crc32(struct bytes in);
/* `before`: the message up to MESSAGE-INTEGRITY, header included. */
void stun_integrity(struct bytes before, struct str password, uint8_t out[20]);

#endif
