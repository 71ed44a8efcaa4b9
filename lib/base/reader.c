/* reader.c: bounded big-endian decoding with a sticky failure. */
#include "base/reader.h"

struct reader reader_of(struct bytes in)
{
    return (struct reader){ in, false };
}

struct bytes read_bytes(struct reader *r, size_t n)
{
    struct bytes taken;

    if (r->failed || n > r->left.n) {
        r->failed = true;
        return (struct bytes){ NULL, 0 };
    }
    if (n == 0)
        return bytes_of(r->left.p, 0); /* p may be NULL, which has no offsets */
    taken = bytes_of(r->left.p, n);
    r->left.p += n;
    r->left.n -= n;
    return taken;
}

static uint64_t read_be(struct reader *r, size_t n)
{
    struct bytes b = read_bytes(r, n);
    uint64_t x = 0;

    for (size_t i = 0; i < b.n; i++)
        x = x << 8 | b.p[i];
    return x;
}

uint8_t read_u8(struct reader *r)
{
    return (uint8_t)read_be(r, 1);
}

uint16_t read_u16(struct reader *r)
{
    return (uint16_t)read_be(r, 2);
}

uint32_t read_u32(struct reader *r)
{
    return (uint32_t)read_be(r, 4);
}

uint64_t read_u64(struct reader *r)
{
    return read_be(r, 8);
}

bool reader_done(const struct reader *r)
{
    return !r->failed && r->left.n == 0;
}
