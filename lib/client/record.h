/* record.h: values of the store as octets: numbers big-endian, texts after their length; read back by base/reader.h.
 *
 * Owns: nothing; the buf belongs to the caller.  Threads: pure.
 */
#ifndef SOTTO_CLIENT_RECORD_H
#define SOTTO_CLIENT_RECORD_H

#include "base/buf.h"
#include "base/reader.h"

static inline void record_u8(struct buf *out, uint8_t value)
{
    buf_add_char(out, (char)value);
}

static inline void record_u32(struct buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        record_u8(out, (uint8_t)(value >> shift));
}

static inline void record_u64(struct buf *out, uint64_t value)
{
    record_u32(out, (uint32_t)(value >> 32));
    record_u32(out, (uint32_t)value);
}

/* The same into octets of the caller: parts of keys. */
static inline void record_put_u32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline void record_put_u64(uint8_t out[8], uint64_t value)
{
    record_put_u32(out, (uint32_t)(value >> 32));
    record_put_u32(out + 4, (uint32_t)value);
}

static inline void record_bytes(struct buf *out, struct bytes value)
{
    record_u32(out, (uint32_t)value.n);
    buf_add_bytes(out, value);
}

static inline void record_text(struct buf *out, struct str value)
{
    record_bytes(out, bytes_of_str(value));
}

static inline struct bytes read_field(struct reader *r)
{
    return read_bytes(r, read_u32(r));
}

static inline struct str read_text(struct reader *r)
{
    return str_of_bytes(read_field(r));
}

#endif
