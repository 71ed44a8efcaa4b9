/* target.h: what a request is for: hosts, paths and forms, checked and decoded (RFC 3986, RFC 9110 §4).
 *
 * Owns: nothing; results live in the arena.  Threads: pure.  Errors: ERR_MALFORMED, ERR_TOO_BIG.
 */
#ifndef SOTTO_HTTP_TARGET_H
#define SOTTO_HTTP_TARGET_H

#include "base/arena.h"
#include "base/buf.h"

/* "/a/b%20c" to { "a", "b c" }. Refused: what would walk a file system (".", "..", encoded slashes, empty
 * segments), controls, text that is not UTF-8. */
CHECKED enum err http_path_read(struct arena *a, struct str path, size_t max,
                                const struct str **out, size_t *out_count);
/* "Example.org:5443" to "example.org". */
CHECKED enum err http_host_read(struct arena *a, struct str field, struct str *out);
bool http_is_query(struct str query); /* its octets are allowed (RFC 3986 §3.4) */

/* A value of application/x-www-form-urlencoded text, decoded: p == NULL if absent, twice there, or not UTF-8. */
struct str http_form_value(struct arena *a, struct str form, const char *name);

/* Everything but letters, digits and -._~ becomes %XX: fit for a path segment, a query and RFC 8187. */
struct str http_percent_encode(struct arena *a, struct str text);

#endif
