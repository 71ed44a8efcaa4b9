/* recovery_code.h: 128 random bits as people write them down: 30 letters and digits in six groups.
 *
 *     4KQ7M-0XW2P-9H3TV-…      letters of Crockford's base32, which has no I, L, O and U
 *
 * 22 bits of it check the others. Small letters, missing or other marks between the groups, O for 0 and I or L for 1 are read
 * as they were meant, and so is a code with one wrong character or two neighbours changed.
 * Owns: nothing.  Threads: pure.  Errors: ERR_MALFORMED: not a code, or with more mistakes.
 */
#ifndef SOTTO_CLIENT_RECOVERY_CODE_H
#define SOTTO_CLIENT_RECOVERY_CODE_H

#include "base/arena.h"

enum { RECOVERY_CODE_OCTETS = 16 };

struct str recovery_code_text(struct arena *a, const uint8_t code[RECOVERY_CODE_OCTETS]);
CHECKED enum err recovery_code_read(struct str text, uint8_t out[RECOVERY_CODE_OCTETS]);

#endif
