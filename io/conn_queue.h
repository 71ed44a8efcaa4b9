/* conn_queue.h: output that waits: shared blobs in order, the first of them perhaps half gone.
 *
 * Takes no memory while empty.
 * Owns: one reference to each blob.  Threads: its connection's loop.  Units: bytes.
 */
#ifndef SOTTO_IO_CONN_QUEUE_H
#define SOTTO_IO_CONN_QUEUE_H

#include <sys/uio.h>

#include "base/blob.h"

struct blob_queue {
    struct blob **ring;
    uint32_t first, count, room; /* room is a power of two */
    uint32_t gone;               /* of the first blob */
    size_t bytes;                /* that wait */
};

void blob_queue_add(struct blob_queue *q, struct blob *b); /* takes the reference */
void blob_queue_consume(struct blob_queue *q, size_t n);
void blob_queue_clear(struct blob_queue *q);
size_t blob_queue_memory(const struct blob_queue *q); /* without the blobs, which are shared */

/* The first bytes that wait as views for writev(); returns how many of `out` it filled. */
size_t blob_queue_views(const struct blob_queue *q, struct iovec *out, size_t max);
/* The first bytes that wait, at most n, in one piece: inside a blob if possible, else copied to `room`. */
struct str blob_queue_gather(const struct blob_queue *q, char *room, size_t n);

#endif
