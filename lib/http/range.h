/* range.h: one range of a file's bytes (RFC 9110 §14).
 *
 * Owns: nothing.  Threads: pure.  Units: bytes.
 */
#ifndef SOTTO_HTTP_RANGE_H
#define SOTTO_HTTP_RANGE_H

#include "base/str.h"

enum http_range {
    HTTP_RANGE_ALL, /* no range, or one that may be ignored (§14.2): several, other units */
    HTTP_RANGE_PART,
    HTTP_RANGE_NONE, /* nothing of the file is in it: 416 */
};

/* `field`: the value of Range, p == NULL if absent. *out_from and *out_count are set for ALL and PART. */
enum http_range http_range_read(struct str field, uint64_t size, uint64_t *out_from,
                                uint64_t *out_count);

#endif
