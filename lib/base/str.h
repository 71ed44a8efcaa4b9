/* str.h: borrowed views of text and of octets. They never depend on a terminating NUL.
 *
 * Owns: nothing; a view lives as long as what it points into.  Threads: pure.  Units: bytes.
 */
#ifndef SOTTO_BASE_STR_H
#define SOTTO_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct str {
    const char *p;
    size_t n;
};
struct bytes {
    const uint8_t *p;
    size_t n;
};

/* A view of a string literal. STR_INIT is its form for static initialisers. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define STR_NONE ((struct str){ NULL, 0 })

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_from(const char *text); /* of a C string; NULL gives an empty view */
struct str str_of_bytes(struct bytes b);
struct bytes bytes_of_str(struct str s);
struct bytes bytes_of(const void *p, size_t n);

bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *text);    /* against a C string */
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
int str_cmp(struct str a, struct str b);        /* octet order: i;octet of RFC 4790 */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

struct str str_slice(struct str s, size_t from, size_t n); /* clamped to s */
struct str str_skip(struct str s, size_t n);               /* clamped */
struct str str_trim(struct str s);                         /* ASCII white space at both ends */
size_t str_find(struct str s, char c);                     /* s.n if absent */
size_t str_find_last(struct str s, char c);                /* s.n if absent */

/* Cuts *rest at the first `sep`: returns what is before it, leaves what is after. Without `sep`
 * returns all of *rest and leaves a view with p == NULL. */
struct str str_split(struct str *rest, char sep);

/* Decimal digits only, no sign, no space; ERR_MALFORMED else, ERR_TOO_BIG past `max`. */
CHECKED enum err str_to_u64(struct str s, uint64_t max, uint64_t *out);

#endif
