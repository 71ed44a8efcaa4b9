/* token.h: the few alphabets that values in Jingle may have, and numbers.
 *
 * A value that passes can stand in XML, in a line of SDP and in a log without becoming something else there.
 * Owns: nothing.  Threads: pure.  Units: octets.
 */
#ifndef SOTTO_JINGLE_TOKEN_H
#define SOTTO_JINGLE_TOKEN_H

#include "xml/tree.h"

enum token_alphabet {
    TOKEN_NAME,      /* A-Z a-z 0-9 _ . - */
    TOKEN_ICE,       /* A-Z a-z 0-9 + /: ice-char of RFC 8839 §5.1 */
    TOKEN_CALL_ID,   /* A-Z a-z 0-9 + / _ - */
    TOKEN_PRINTABLE, /* ASCII from space to ~: nothing that ends a line */
    TOKEN_HEX_PAIRS, /* hexadecimal digits and colons */
};

bool token_is(struct str s, enum token_alphabet alphabet, size_t least, size_t most);
/* Decimal digits, least <= value <= most. */
bool token_number(struct str s, uint64_t least, uint64_t most, uint64_t *out);
/* The place of s among count names; count if it is none of them. */
size_t token_among(struct str s, const char *const *names, size_t count);

#endif
