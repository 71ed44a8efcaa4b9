/* blake2b.h: BLAKE2b with a key (RFC 7693): what an encrypted table is looked up by. Who has not the
 * key learns from such a column only which rows are equal.
 *
 * Owns: nothing.  Threads: pure.  Units: octets.
 */
#ifndef SOTTO_CRYPTO_BLAKE2B_H
#define SOTTO_CRYPTO_BLAKE2B_H

#include "base/str.h"

enum { BLAKE2B_KEY_MAX = 64, BLAKE2B_OUT_MIN = 16, BLAKE2B_OUT_MAX = 64 };

/* n from BLAKE2B_OUT_MIN to BLAKE2B_OUT_MAX; an empty key makes it a plain hash. */
void blake2b(struct bytes key, struct bytes in, uint8_t *out, size_t n);

#endif
