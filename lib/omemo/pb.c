/* pb.c: varints, tags and fields.
 *
 * The contracts are proved by tools/prove-c: whatever the octets are, nothing is read outside of them, nothing is written outside of
 * what the caller gave, nothing overflows, and it ends.
 */
#include "omemo/pb.h"

#include <assert.h>

enum { TYPE_FIXED64 = 1, TYPE_FIXED32 = 5, VARINT_MAX = 10 };

/*@ predicate readable(struct bytes b) = b.n == 0 || \valid_read(b.p + (0 .. b.n - 1));

    // `now` is what is left of `before` when its first octets are gone.
    predicate rest_of(struct bytes now, struct bytes before) =
        now.n <= before.n && now.p == before.p + (before.n - now.n);
*/

/*@ requires \valid(in) && \valid(out) && \separated(in, out);
    requires readable(*in);
    assigns *in, *out;
    ensures \result <==> n <= \old(in->n);
    ensures rest_of(*in, \old(*in)) && readable(*in);
    ensures \result ==> in->n == \old(in->n) - n;
    ensures \result ==> out->p == \old(in->p) && out->n == n && readable(*out);
    ensures !\result ==> in->n == \old(in->n);
*/
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
/*@ requires \valid(in) && \valid(out) && \separated(in, out);
    requires readable(*in);
    assigns *in, *out;
    ensures rest_of(*in, \old(*in)) && readable(*in);
    ensures \result ==> 1 <= \old(in->n) - in->n <= VARINT_MAX;
    ensures !\result ==> in->n == \old(in->n);
*/
static bool take_varint(struct bytes *in, uint64_t *out)
{
    uint64_t value = 0;

    /*@ loop invariant 0 <= i <= VARINT_MAX && i <= in->n;
        loop assigns i, value;
        loop variant VARINT_MAX - i;
    */
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

/*@ requires \valid(in) && readable(*in);
    assigns *in;
    ensures in->n <= \old(in->n) && readable(*in);
*/
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

/*@ requires \valid(fields + (0 .. count - 1));
    assigns \nothing;
    ensures \result == \null
            || \exists integer k; 0 <= k < count && \result == fields + k && fields[k].number == number;
*/
static struct pb_field *field_of(struct pb_field *fields, size_t count, uint64_t number)
{
    /*@ loop invariant 0 <= i <= count;
        loop assigns i;
        loop variant count - i;
    */
    for (size_t i = 0; i < count; i++)
        if (fields[i].number == number)
            return &fields[i];
    return NULL;
}

/*@ requires \valid(in) && \valid(field) && \separated(in, field) && readable(*in);
    assigns *in, field->found, field->value, field->octets;
    ensures in->n <= \old(in->n) && readable(*in);
    ensures \result ==> field->found && !\old(field->found);
    ensures \result && field->type == PB_BYTES ==> readable(field->octets);
*/
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

/*@ requires \valid(fields + (0 .. count - 1));
    assigns \nothing;
    ensures \result
            <==> \forall integer k; 0 <= k < count && fields[k].required ==> fields[k].found;
*/
static bool has_all_required(const struct pb_field *fields, size_t count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k; 0 <= k < i && fields[k].required ==> fields[k].found;
        loop assigns i;
        loop variant count - i;
    */
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && !fields[i].found)
            return false;
    return true;
}

/*@ requires readable(in) && \valid(fields + (0 .. count - 1));
    assigns fields[0 .. count - 1];
    ensures \result == ERR_NONE || \result == ERR_MALFORMED;
    ensures \result == ERR_NONE
            ==> \forall integer k; 0 <= k < count && fields[k].required ==> fields[k].found;
*/
enum err pb_read(struct bytes in, struct pb_field *fields, size_t count)
{
    /*@ loop invariant readable(in);
        loop assigns in, fields[0 .. count - 1];
        loop variant in.n;
    */
    while (in.n > 0) {
        struct pb_field *field;
        uint64_t tag;

        if (!take_varint(&in, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
            return ERR_MALFORMED;
        field = field_of(fields, count, tag >> 3);
        if (field == NULL ? !skip(&in, tag & 7) : !take_field(&in, field, tag & 7))
            return ERR_MALFORMED;
    }
    return has_all_required(fields, count) ? ERR_NONE : ERR_MALFORMED;
}

/*@ predicate writes(struct pb_writer *w) =
        w->n <= w->room && \valid(w->p + (0 .. w->room - 1)) && \separated(w, w->p + (0 .. w->room - 1));

    // What is written lies in nothing that is written to.
    predicate apart(struct bytes b, struct pb_writer *w) =
        \separated(b.p + (0 .. b.n - 1), w->p + (0 .. w->room - 1))
        && \separated(b.p + (0 .. b.n - 1), w);
*/

/*@ requires \valid(w) && writes(w) && readable(octets) && apart(octets, w);
    requires octets.n <= w->room - w->n;
    assigns w->n, w->p[w->n .. w->n + octets.n - 1];
    ensures writes(w) && w->n == \old(w->n) + octets.n;
*/
void pb_put_raw(struct pb_writer *w, struct bytes octets)
{
    uint8_t *end = w->p + w->n;

    assert(octets.n <= w->room - w->n);
    /*@ loop invariant 0 <= i <= octets.n;
        loop assigns i, end[0 .. octets.n - 1];
        loop variant octets.n - i;
    */
    for (size_t i = 0; i < octets.n; i++)
        end[i] = octets.p[i];
    w->n += octets.n;
}

/*@ requires \valid(w) && writes(w);
    requires w->n < w->room;
    assigns w->n, w->p[w->n];
    ensures writes(w) && w->n == \old(w->n) + 1;
*/
static void put_octet(struct pb_writer *w, uint8_t octet)
{
    assert(w->n < w->room);
    w->p[w->n] = octet;
    w->n++;
}

/* 32 bits in groups of seven. */
/*@ requires \valid(w) && writes(w);
    requires 5 <= w->room - w->n;
    assigns w->n, w->p[w->n .. w->n + 4];
    ensures writes(w) && \old(w->n) + 1 <= w->n <= \old(w->n) + 5;
*/
static void put_varint(struct pb_writer *w, uint32_t value)
{
    /*@ loop invariant writes(w);
        loop invariant \at(w->n, Pre) <= w->n <= \at(w->n, Pre) + 4;
        loop invariant w->n == \at(w->n, Pre) + 1 ==> value < 0x2000000;
        loop invariant w->n == \at(w->n, Pre) + 2 ==> value < 0x40000;
        loop invariant w->n == \at(w->n, Pre) + 3 ==> value < 0x800;
        loop invariant w->n == \at(w->n, Pre) + 4 ==> value < 0x10;
        loop assigns value, w->n, w->p[\at(w->n, Pre) .. \at(w->n, Pre) + 3];
        loop variant value;
    */
    for (; value >= 0x80; value >>= 7)
        put_octet(w, (uint8_t)(value | 0x80));
    put_octet(w, (uint8_t)value);
}

/*@ requires \valid(w) && writes(w);
    requires 10 <= w->room - w->n;
    assigns w->n, w->p[w->n .. w->n + 9];
    ensures writes(w) && \old(w->n) + 2 <= w->n <= \old(w->n) + 10;
*/
void pb_put_uint32(struct pb_writer *w, uint32_t number, uint32_t value)
{
    put_varint(w, number << 3 | PB_UINT32);
    put_varint(w, value);
}

/*@ requires \valid(w) && writes(w) && readable(value) && apart(value, w);
    requires value.n <= UINT32_MAX && 10 + value.n <= w->room - w->n;
    assigns w->n, w->p[w->n .. w->n + 9 + value.n];
    ensures writes(w) && \old(w->n) + 2 + value.n <= w->n <= \old(w->n) + 10 + value.n;
*/
void pb_put_bytes(struct pb_writer *w, uint32_t number, struct bytes value)
{
    put_varint(w, number << 3 | PB_BYTES);
    put_varint(w, (uint32_t)value.n);
    pb_put_raw(w, value);
}
