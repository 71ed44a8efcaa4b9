/* encode.h: base64 (RFC 4648 §4), base32 (lower case, no padding) and hexadecimal.
 *
 * Owns: nothing; results go to a buf or an arena.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_BASE_ENCODE_H
#define SOTTO_BASE_ENCODE_H

#include "base/arena.h"
#include "base/buf.h"

struct str base64_text(struct arena *a, struct bytes in);
struct str base64url_text(struct arena *a, struct bytes in); /* RFC 4648 §5, no padding */
struct str base32_text(struct arena *a, struct bytes in);    /* a-z2-7, no padding */
struct str hex_text(struct arena *a, struct bytes in);       /* lower case */

/* True for what base64_read() takes; decodes nothing. */
bool base64_valid(struct str in);

/* Strict: canonical padding, no white space, unused bits zero. */
CHECKED enum err base64_read(struct arena *a, struct str in, struct bytes *out);
CHECKED enum err base64url_read(struct arena *a, struct str in, struct bytes *out);
CHECKED enum err base32_read(struct arena *a, struct str in, struct bytes *out);
int hex_digit(char c); /* 0 to 15 in either case; -1: none */
CHECKED enum err hex_read(struct arena *a, struct str in, struct bytes *out);

#endif
