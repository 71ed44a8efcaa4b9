/* buf.h: bytes that grow up to a cap given at birth.
 *
 * Going past the cap sets `failed` and drops what did not fit, so a writer checks once at the end.
 * Owns: its bytes, until buf_deinit().  Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_BASE_BUF_H
#define SOTTO_BASE_BUF_H

#include "base/mem.h"
#include "base/str.h"

struct buf {
    char *p;
    size_t n, room, limit;
    bool failed; /* sticky: something did not fit */
};

void buf_init(struct buf *b, size_t limit); /* allocates nothing yet */
void buf_deinit(struct buf *b);             /* leaves an empty buffer with the same cap */
void buf_reset(struct buf *b);              /* empties, keeps the memory, clears `failed` */

void buf_add(struct buf *b, struct str s);
void buf_add_bytes(struct buf *b, struct bytes s);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t value); /* decimal */
char *buf_extend(struct buf *b, size_t n); /* n bytes for the caller to fill, NULL past the cap */
void buf_cut(struct buf *b, size_t n);     /* keep the first n bytes */
void buf_consume(struct buf *b, size_t n); /* drop the first n bytes */

struct str buf_str(const struct buf *b); /* borrowed until the next change */
struct bytes buf_bytes(const struct buf *b);

#endif
