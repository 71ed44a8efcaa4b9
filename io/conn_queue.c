/* conn_queue.c: a ring of blobs. */
#include "io/conn_queue.h"

#include <assert.h>
#include <string.h>

enum { ROOM_MIN = 4 };

static struct blob *at(const struct blob_queue *q, uint32_t i)
{
    return q->ring[(q->first + i) & (q->room - 1)];
}

static struct str view(const struct blob_queue *q, uint32_t i)
{
    return str_skip(blob_str(at(q, i)), i == 0 ? q->gone : 0);
}

static void grow(struct blob_queue *q)
{
    uint32_t room = q->room > 0 ? q->room * 2 : ROOM_MIN;
    struct blob **ring = mem_alloc_raw(room * sizeof(struct blob *));

    for (uint32_t i = 0; i < q->count; i++)
        ring[i] = at(q, i);
    mem_free(q->ring);
    q->ring = ring;
    q->room = room;
    q->first = 0;
}

void blob_queue_add(struct blob_queue *q, struct blob *b)
{
    if (b->n == 0) {
        blob_unref(b);
        return;
    }
    assert(b->n <= UINT32_MAX);
    if (q->count == q->room)
        grow(q);
    q->ring[(q->first + q->count++) & (q->room - 1)] = b;
    q->bytes += b->n;
}

void blob_queue_clear(struct blob_queue *q)
{
    for (uint32_t i = 0; i < q->count; i++)
        blob_unref(at(q, i));
    mem_free(q->ring);
    *q = (struct blob_queue){ 0 };
}

void blob_queue_consume(struct blob_queue *q, size_t n)
{
    q->bytes -= n;
    while (q->count > 0 && n >= view(q, 0).n) {
        n -= view(q, 0).n;
        blob_unref(at(q, 0));
        q->first = (q->first + 1) & (q->room - 1);
        q->count--;
        q->gone = 0;
    }
    if (q->count == 0)
        blob_queue_clear(q); /* an idle connection keeps no ring */
    else
        q->gone += (uint32_t)n;
}

size_t blob_queue_memory(const struct blob_queue *q)
{
    return q->room * sizeof(struct blob *);
}

size_t blob_queue_views(const struct blob_queue *q, struct iovec *out, size_t max)
{
    size_t n = q->count < max ? q->count : max;

    for (uint32_t i = 0; i < n; i++) {
        struct str s = view(q, i);

        out[i] = (struct iovec){ (char *)s.p, s.n };
    }
    return n;
}

struct str blob_queue_gather(const struct blob_queue *q, char *room, size_t n)
{
    struct str first = view(q, 0);
    size_t got = 0;

    if (q->count == 1 || first.n >= n)
        return str_slice(first, 0, n);
    for (uint32_t i = 0; i < q->count && got < n; i++) {
        struct str s = str_slice(view(q, i), 0, n - got);

        memcpy(room + got, s.p, s.n);
        got += s.n;
    }
    return (struct str){ room, got };
}
