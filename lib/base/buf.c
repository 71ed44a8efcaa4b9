/* buf.c: capped growing buffer. */
#include "base/buf.h"

#include <string.h>

enum { ROOM_MIN = 256 };

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){ .limit = limit };
}

void buf_deinit(struct buf *b)
{
    mem_free(b->p);
    buf_init(b, b->limit);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

char *buf_extend(struct buf *b, size_t n)
{
    char *p;

    if (n > b->limit - b->n) {
        b->failed = true;
        return NULL;
    }
    if (n > b->room - b->n) {
        size_t room = b->room ? b->room : ROOM_MIN;

        while (room - b->n < n)
            room = room > b->limit / 2 ? b->limit : room * 2;
        b->p = mem_resize(b->p, room);
        b->room = room;
    }
    p = b->p + b->n;
    b->n += n;
    return p;
}

void buf_add(struct buf *b, struct str s)
{
    char *p = s.n ? buf_extend(b, s.n) : NULL;

    if (p != NULL)
        memcpy(p, s.p, s.n);
}

void buf_add_bytes(struct buf *b, struct bytes s)
{
    buf_add(b, str_of_bytes(s));
}

void buf_add_char(struct buf *b, char c)
{
    char *p = buf_extend(b, 1);

    if (p != NULL)
        *p = c;
}

void buf_add_u64(struct buf *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(b, (struct str){ digits + at, sizeof digits - at });
}

void buf_cut(struct buf *b, size_t n)
{
    if (n < b->n)
        b->n = n;
}

void buf_consume(struct buf *b, size_t n)
{
    if (n >= b->n) {
        b->n = 0;
        return;
    }
    if (n > 0)
        memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){ b->p, b->n };
}

struct bytes buf_bytes(const struct buf *b)
{
    return bytes_of_str(buf_str(b));
}
