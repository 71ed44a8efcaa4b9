/* md5.h: MD5 (RFC 1321), which is broken and is in no protocol of ours but one: the key of long-term credentials in TURN is the MD5 of name, realm and password
 * (RFC 8489 §9.2.2), and clients know no other. The password is random there, and nothing rests on MD5 having no collisions.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_CRYPTO_MD5_H
#define SOTTO_CRYPTO_MD5_H

#include "base/str.h"

enum { MD5_SIZE = 16 };

void md5(struct bytes in, uint8_t out[MD5_SIZE]);

#endif
