/* reader.h: decode octets, big-endian, from a bounded view.
 *
 * A short read sets `failed` and yields zeroes from then on, so a decoder checks once at the end.
 * Owns: nothing; views borrow the input.  Threads: pure.
 */
#ifndef SOTTO_BASE_READER_H
#define SOTTO_BASE_READER_H

#include "base/str.h"

struct reader {
    struct bytes left;
    bool failed;
};

struct reader reader_of(struct bytes in);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
struct bytes read_bytes(struct reader *r, size_t n);
bool reader_done(const struct reader *r); /* all read, nothing failed */

#endif
