/* utf8.h: strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_BASE_UTF8_H
#define SOTTO_BASE_UTF8_H

#include "base/str.h"

enum { UTF8_BAD = -1, UTF8_SHORT = -2 };

/* Reads one code point and moves *s past it. UTF8_BAD: no character begins so; UTF8_SHORT: all that
 * is there may begin one, more bytes are needed. *s is untouched by both. */
int32_t utf8_next(struct str *s);
bool utf8_valid(struct str s);
bool utf8_is_ascii(struct str s);
size_t utf8_put(uint32_t code_point, char out[4]); /* returns its length; the code point is valid */

#endif
