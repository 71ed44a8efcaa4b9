/* pb.c: varints, tags and fields. */
#include "omemo/pb.h"

#include <assert.h>
#include <string.h>

enum { TYPE_FIXED64 = 1, TYPE_FIXED32 = 5, VARINT_MAX = 10 };

static bool take(struct bytes *in, uint64_t n, struct bytes *out)
{
    if (n > in->n)
        return false;
    *out = (struct bytes){ in->p, (size_t)n };
    in->p += n;
    in->n -= (size_t)n;
    return true;
}

/* Seven bits an octet, least significant first; the tenth octet holds the last one bit of 64. */
static bool take_varint(struct bytes *in, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_MAX && i < in->n; i++) {
        uint8_t octet = in->p[i];

        if (i == VARINT_MAX - 1 && octet > 1)
            return false;
        value |= (uint64_t)(octet & 0x7f) << 7 * i;
        if (octet < 0x80) {
            in->p += i + 1;
            in->n -= i + 1;
            *out = value;
            return true;
        }
    }
    return false;
}

static bool skip(struct bytes *in, unsigned type)
{
    struct bytes unused;
    uint64_t value;

    switch (type) {
    case PB_UINT32: return take_varint(in, &value);
    case PB_BYTES: return take_varint(in, &value) && take(in, value, &unused);
    case TYPE_FIXED64: return take(in, 8, &unused);
    case TYPE_FIXED32: return take(in, 4, &unused);
    default: return false;
    }
}

static struct pb_field *field_of(struct pb_field *fields, size_t count, uint64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].number == number)
            return &fields[i];
    return NULL;
}

static bool take_field(struct bytes *in, struct pb_field *field, unsigned type)
{
    uint64_t value;

    if (field->found || type != (unsigned)field->type || !take_varint(in, &value))
        return false;
    field->found = true;
    if (field->type == PB_BYTES)
        return take(in, value, &field->octets);
    field->value = (uint32_t)value;
    return value <= UINT32_MAX;
}

enum err pb_read(struct bytes in, struct pb_field *fields, size_t count)
{
    while (in.n > 0) {
        struct pb_field *field;
        uint64_t tag;

        if (!take_varint(&in, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
            return ERR_MALFORMED;
        field = field_of(fields, count, tag >> 3);
        if (field == NULL ? !skip(&in, tag & 7) : !take_field(&in, field, tag & 7))
            return ERR_MALFORMED;
    }
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && !fields[i].found)
            return ERR_MALFORMED;
    return ERR_NONE;
}

void pb_put_raw(struct pb_writer *w, struct bytes octets)
{
    assert(octets.n <= w->room - w->n);
    if (octets.n > 0)
        memcpy(w->p + w->n, octets.p, octets.n);
    w->n += octets.n;
}

static void put_varint(struct pb_writer *w, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        pb_put_raw(w, (struct bytes){ &(uint8_t){ (uint8_t)(value | 0x80) }, 1 });
    pb_put_raw(w, (struct bytes){ &(uint8_t){ (uint8_t)value }, 1 });
}

void pb_put_uint32(struct pb_writer *w, uint32_t number, uint32_t value)
{
    put_varint(w, number << 3 | PB_UINT32);
    put_varint(w, value);
}

void pb_put_bytes(struct pb_writer *w, uint32_t number, struct bytes value)
{
    put_varint(w, number << 3 | PB_BYTES);
    put_varint(w, (uint32_t)value.n);
    pb_put_raw(w, value);
}
