/* stun_write.c: checks and answers of ours. Each ends with MESSAGE-INTEGRITY and FINGERPRINT. */
#include <string.h>

#include "rtp/stun.h"
#include "rtp/stun_wire.h"

struct out {
    uint8_t *p; /* STUN_MAX octets */
    size_t n;
};

static void put_u16(struct out *o, unsigned value)
{
    o->p[o->n++] = (uint8_t)(value >> 8);
    o->p[o->n++] = (uint8_t)value;
}

static void put_u32(struct out *o, uint32_t value)
{
    put_u16(o, value >> 16);
    put_u16(o, value & 0xffff);
}

static void put_u64(struct out *o, uint64_t value)
{
    put_u32(o, (uint32_t)(value >> 32));
    put_u32(o, (uint32_t)value);
}

static void put_bytes(struct out *o, const void *p, size_t n)
{
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void begin(struct out *o, unsigned type, const uint8_t *transaction)
{
    put_u16(o, type);
    put_u16(o, 0); /* the length: set_length() */
    put_u32(o, STUN_COOKIE);
    put_bytes(o, transaction, STUN_TRANSACTION);
}

static void begin_attribute(struct out *o, enum stun_attribute type, size_t length)
{
    put_u16(o, type);
    put_u16(o, (unsigned)length);
}

static void end(struct out *o, struct str password)
{
    uint8_t integrity[STUN_INTEGRITY];
    size_t length = o->n - STUN_HEADER + 2 * STUN_ATTRIBUTE_HEADER + STUN_INTEGRITY + 4;

    stun_integrity(bytes_of(o->p, o->n), password, integrity);
    begin_attribute(o, STUN_MESSAGE_INTEGRITY, sizeof integrity);
    put_bytes(o, integrity, sizeof integrity);
    o->p[2] = (uint8_t)(length >> 8);
    o->p[3] = (uint8_t)length;
    length = o->n;
    begin_attribute(o, STUN_FINGERPRINT, 4);
    put_u32(o, stun_crc32(bytes_of(o->p, length)) ^ STUN_FINGERPRINT_XOR);
}

size_t stun_write_check(uint8_t out[STUN_MAX], const struct stun_check *check, struct str password)
{
    /* header, PRIORITY, role, USE-CANDIDATE, two ends, and the head of USERNAME */
    enum { REST = STUN_HEADER + 8 + 12 + 4 + 24 + 8 + STUN_ATTRIBUTE_HEADER };
    static const uint8_t padding[4] = { 0 };
    struct out o = { out, 0 };

    if (check->username.n == 0 || check->username.n > STUN_MAX - REST - 3)
        return 0;
    begin(&o, 0x0001, check->transaction);
    begin_attribute(&o, STUN_USERNAME, check->username.n);
    put_bytes(&o, check->username.p, check->username.n);
    put_bytes(&o, padding, -check->username.n & 3u);
    begin_attribute(&o, STUN_PRIORITY, 4);
    put_u32(&o, check->priority);
    begin_attribute(
        &o, check->role == STUN_CONTROLLING ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, 8);
    put_u64(&o, check->tie_breaker);
    if (check->use_candidate)
        begin_attribute(&o, STUN_USE_CANDIDATE, 0);
    end(&o, password);
    return o.n;
}

size_t stun_write_answer(uint8_t out[STUN_MAX], struct bytes transaction,
                         const struct stun_address *from, struct str password)
{
    struct out o = { out, 0 };
    size_t size = from->is_v6 ? 16 : 4;

    begin(&o, 0x0101, transaction.p);
    begin_attribute(&o, STUN_XOR_MAPPED_ADDRESS, 4 + size);
    put_u16(&o, from->is_v6 ? STUN_FAMILY_V6 : STUN_FAMILY_V4);
    put_u16(&o, from->port ^ STUN_COOKIE >> 16);
    for (size_t i = 0; i < size;
         i++) /* the cookie and the transaction lie next to each other: octets 4 to 20 */
        out[o.n++] = from->ip[i] ^ out[4 + i];
    end(&o, password);
    return o.n;
}
