/* fields.h: what heads of requests and of answers have in common: their octets and fields (RFC 9112 §2.2, §5).
 *
 * Owns: nothing; names and values borrow the line.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_HTTP_FIELDS_H
#define SOTTO_HTTP_FIELDS_H

#include "base/arena.h"

enum { HTTP_FIELDS_MAX = 64 };

struct http_field {
    struct str name, value;
};

/* Whether `c` may come behind `last` in a head. A bare CR or LF is no end of a line for everybody, so it is none here; other
 * controls belong nowhere. */
bool http_may_follow(char last, char c);
bool http_is_token(struct str s); /* RFC 9110 §5.6.2 */

/* The next line of a head, without its CRLF; empty at the end. */
struct str http_next_line(struct str *rest);
/* A line whose name is no token is malformed: folded lines (§5.2) and space before the colon (§5.1) among them. */
CHECKED enum err http_field_read(struct str line, struct http_field *out);

/* The first of that name, p == NULL if there is none; how many there are. */
struct str http_field_find(const struct http_field *fields, size_t count, const char *name);
size_t http_field_times(const struct http_field *fields, size_t count, const char *name);

#endif
