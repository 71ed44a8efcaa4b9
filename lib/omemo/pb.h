/* pb.h: as much of protobuf's encoding as OMEMO's messages use: fields of type uint32 and bytes.
 *
 *     message = field*        field = tag value        tag = varint (number << 3 | type)
 *     type 0: varint          type 2: varint length, octets
 *     types 1, 5: 8 and 4 octets, only to be skipped
 *
 * Fields come in any order and unknown ones are skipped, as protobuf demands. Stricter than
 * protobuf, because no sender does it: a field that comes twice, a number beyond 32 bits, and
 * groups are refused.
 * Owns: nothing; values borrow the input.  Threads: pure.  Errors: ERR_MALFORMED.  Units: octets.
 */
#ifndef SOTTO_OMEMO_PB_H
#define SOTTO_OMEMO_PB_H

#include "base/str.h"

enum pb_type { PB_UINT32 = 0, PB_BYTES = 2 };

/* One field that the caller knows; `found` and the value are filled by pb_read(). */
struct pb_field {
    uint32_t number;
    enum pb_type type;
    bool required;
    bool found;
    uint32_t value;      /* PB_UINT32 */
    struct bytes octets; /* PB_BYTES */
};

CHECKED enum err pb_read(struct bytes in, struct pb_field *fields, size_t count);

/* Writes into memory that the caller knows to be large enough. */
struct pb_writer {
    uint8_t *p;
    size_t n, room;
};

void pb_put_uint32(struct pb_writer *w, uint32_t number, uint32_t value); /* zero too */
void pb_put_bytes(struct pb_writer *w, uint32_t number, struct bytes value);
void pb_put_raw(struct pb_writer *w,
                struct bytes octets); /* beside the fields: a version octet, a MAC */

#endif
