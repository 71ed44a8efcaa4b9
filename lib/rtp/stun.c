/* stun.c: reading and checking; stun_write.c writes. */
#include "rtp/stun.h"

#include <string.h>

#include "base/reader.h"
#include "crypto/hash.h"
#include "rtp/stun_wire.h"

/* RFC 8489 §14.7: the CRC-32 of ITU V.42, four bits at a time. */
uint32_t stun_crc32(struct bytes in)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < in.n; i++) {
        crc ^= in.p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

struct stun_address stun_address_of(const uint8_t ip[16], uint16_t port)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    bool v4 = memcmp(ip, mapped, sizeof mapped) == 0;
    struct stun_address out = { .is_v6 = !v4, .port = port };

    memcpy(out.ip, ip + (v4 ? sizeof mapped : 0), v4 ? 4 : 16);
    return out;
}

/* ---- Attributes ------------------------------------------------------------------------------------- */

static enum err read_address(struct reader *v, struct bytes transaction, struct stun_address *out)
{
    uint8_t mask[16] = { STUN_COOKIE >> 24, STUN_COOKIE >> 16 & 255, STUN_COOKIE >> 8 & 255,
                         STUN_COOKIE & 255 };
    unsigned family = read_u16(v); /* its first octet is ignored when it is read: §14.1 */
    struct bytes ip;

    memcpy(mask + 4, transaction.p, STUN_TRANSACTION);
    out->port = (uint16_t)(read_u16(v) ^ STUN_COOKIE >> 16);
    out->is_v6 = (family & 255) == STUN_FAMILY_V6;
    ip = read_bytes(v, out->is_v6 ? 16 : 4);
    if (!reader_done(v) || (!out->is_v6 && (family & 255) != STUN_FAMILY_V4))
        return ERR_MALFORMED;
    for (size_t i = 0; i < ip.n; i++)
        out->ip[i] = ip.p[i] ^ mask[i];
    return ERR_NONE;
}

static enum err read_error(struct reader *v, unsigned *out)
{
    unsigned number = read_u32(v) & 0x7ff; /* 21 bits reserved, then hundreds and rest: §14.8 */

    *out = (number >> 8) * 100 + (number & 255);
    return v->failed || number >> 8 < 3 || number >> 8 > 6 || (number & 255) > 99 ? ERR_MALFORMED
                                                                                  : ERR_NONE;
}

static enum err read_role(struct reader *v, enum stun_role role, struct stun_message *out)
{
    if (out->role != STUN_ROLE_NONE)
        return ERR_MALFORMED; /* both roles at once */
    out->role = role;
    out->tie_breaker = read_u64(v);
    return reader_done(v) ? ERR_NONE : ERR_MALFORMED;
}

static enum err read_known(unsigned type, struct bytes value, struct stun_message *out)
{
    struct reader v = reader_of(value);

    switch (type) {
    case STUN_USERNAME:
        out->username = str_of_bytes(value);
        return value.n > 0 && value.n <= STUN_USERNAME_MAX ? ERR_NONE : ERR_MALFORMED;
    case STUN_PRIORITY:
        out->has_priority = true;
        out->priority = read_u32(&v);
        return reader_done(&v) && out->priority > 0 ? ERR_NONE : ERR_MALFORMED;
    case STUN_USE_CANDIDATE:
        out->use_candidate = true;
        return value.n == 0 ? ERR_NONE : ERR_MALFORMED;
    case STUN_ICE_CONTROLLED: return read_role(&v, STUN_CONTROLLED, out);
    case STUN_ICE_CONTROLLING: return read_role(&v, STUN_CONTROLLING, out);
    case STUN_XOR_MAPPED_ADDRESS:
        out->has_mapped = true;
        return read_address(&v, out->transaction, &out->mapped);
    case STUN_ERROR_CODE: return read_error(&v, &out->error);
    default: return type & STUN_OPTIONAL ? ERR_NONE : ERR_UNSUPPORTED;
    }
}

/* The end of a message is checked by itself: only FINGERPRINT may follow MESSAGE-INTEGRITY, and nothing follows it. */
static enum err read_end(unsigned type, struct bytes value, const struct reader *r,
                         struct stun_message *out)
{
    size_t at = out->packet.n - r->left.n - value.n - STUN_ATTRIBUTE_HEADER;
    struct reader v = reader_of(value);

    if (type == STUN_MESSAGE_INTEGRITY) {
        if (value.n != STUN_INTEGRITY || out->integrity_at != 0)
            return ERR_MALFORMED;
        out->integrity_at = at;
        return ERR_NONE;
    }
    if (value.n != 4 || r->left.n != 0
        || read_u32(&v) != (stun_crc32(bytes_of(out->packet.p, at)) ^ STUN_FINGERPRINT_XOR))
        return ERR_MALFORMED;
    return ERR_NONE;
}

static enum err read_attributes(struct reader *r, struct stun_message *out)
{
    uint32_t seen = 0; /* those that we act on, of which none comes twice */
    unsigned count = 0, type = 0;

    while (r->left.n > 0) {
        struct bytes value;
        uint16_t length;
        enum err e;

        type = read_u16(r);
        length = read_u16(r);
        value = read_bytes(r, length);
        if (r->failed || (-length & 3u) > r->left.n)
            return ERR_MALFORMED;
        if (++count > STUN_ATTRIBUTES_MAX)
            return ERR_TOO_BIG;
        if (type == STUN_MESSAGE_INTEGRITY || type == STUN_FINGERPRINT) {
            e = read_end(type, value, r, out);
        } else {
            uint32_t bit = type < 0x40 ? UINT32_C(1) << (type & 31) : 0;

            if (out->integrity_at != 0 || (seen & bit) != 0)
                return ERR_MALFORMED;
            seen |= bit;
            read_bytes(r, -length & 3u);
            e = read_known(type, value, out);
        }
        if (e != ERR_NONE)
            return e;
    }
    return type == STUN_FINGERPRINT || out->class == STUN_INDICATION ? ERR_NONE : ERR_MALFORMED;
}

/* ---- Messages --------------------------------------------------------------------------------------- */

static enum err class_of(unsigned type, enum stun_class *out)
{
    /* 00 M11-M7 C1 M6-M4 C0 M3-M0: §5 */
    unsigned method = (type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2;

    *out = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    if (type >> 14 != 0)
        return ERR_MALFORMED;
    return method == STUN_BINDING ? ERR_NONE : ERR_UNSUPPORTED;
}

/* What a message of this class cannot be without. */
static bool is_complete(const struct stun_message *m)
{
    switch (m->class) {
    case STUN_REQUEST:
        return m->integrity_at != 0 && m->username.n > 0 && m->has_priority
               && m->role != STUN_ROLE_NONE; /* RFC 8445 §7.1 */
    case STUN_SUCCESS: return m->integrity_at != 0 && m->has_mapped;
    case STUN_ERROR: return m->integrity_at != 0 && m->error != 0;
    case STUN_INDICATION: return true; /* RFC 8445 §11: keepalives need nothing */
    }
    return false;
}

enum err stun_read(struct bytes packet, struct stun_message *out)
{
    struct reader r = reader_of(packet);
    struct stun_message m = { .packet = packet };
    unsigned type = read_u16(&r), length = read_u16(&r), cookie = read_u32(&r);
    enum err e;

    m.transaction = read_bytes(&r, STUN_TRANSACTION);
    if (r.failed || cookie != STUN_COOKIE || length % 4 != 0 || length != r.left.n)
        return ERR_MALFORMED;
    if (packet.n > STUN_MAX)
        return ERR_TOO_BIG;
    if ((e = class_of(type, &m.class)) != ERR_NONE || (e = read_attributes(&r, &m)) != ERR_NONE)
        return e;
    if (!is_complete(&m))
        return ERR_MISSING;
    *out = m;
    return ERR_NONE;
}

/* §14.5: over what comes before the attribute, as if the message ended with it. */
void stun_integrity(struct bytes before, struct str password, uint8_t out[STUN_INTEGRITY])
{
    size_t length = before.n - STUN_HEADER + STUN_ATTRIBUTE_HEADER + STUN_INTEGRITY;
    uint8_t header[STUN_HEADER];

    memcpy(header, before.p, sizeof header);
    header[2] = (uint8_t)(length >> 8);
    header[3] = (uint8_t)length;
    hmac2(HASH_SHA1, bytes_of_str(password), bytes_of(header, sizeof header),
          bytes_of(before.p + STUN_HEADER, before.n - STUN_HEADER), out);
}

bool stun_is_authentic(const struct stun_message *m, struct str password)
{
    uint8_t want[STUN_INTEGRITY];

    if (m->integrity_at == 0)
        return false;
    stun_integrity(bytes_of(m->packet.p, m->integrity_at), password, want);
    return ct_equal(want, m->packet.p + m->integrity_at + STUN_ATTRIBUTE_HEADER, sizeof want);
}
