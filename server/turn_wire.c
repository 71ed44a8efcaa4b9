/* turn_wire.c: attributes read, answers written. */
#include "server/turn_wire.h"

#include <assert.h>
#include <string.h>

#include "base/reader.h"
#include "crypto/hash.h"
#include "rtp/stun_wire.h"

enum { CHANNEL_HEADER = 4, ATTRIBUTES_MAX = 24 };

/* ---- Reading ---------------------------------------------------------------------------------------- */

enum err turn_length(struct bytes begin, size_t *out)
{
    size_t n;

    *out = 0;
    if (begin.n < 4)
        return ERR_NONE;
    n = (size_t)begin.p[2] << 8 | begin.p[3];
    if (begin.p[0] < 0x40) /* the two highest bits of STUN are 0: RFC 8489 §5 */
        n += STUN_HEADER;
    else if (begin.p[0] <= TURN_CHANNEL_LAST >> 8) /* RFC 8656 §12.5: padded on a stream */
        n = CHANNEL_HEADER + ((n + 3) & ~(size_t)3);
    else
        return ERR_MALFORMED;
    if (n > TURN_MESSAGE_MAX || n % 4 != 0)
        return ERR_MALFORMED;
    *out = n;
    return ERR_NONE;
}

static enum err read_channel(struct bytes in, struct turn_message *out)
{
    struct reader r = reader_of(in);
    struct turn_message m = { .channel = read_u16(&r) };
    size_t n = read_u16(&r);

    m.data = read_bytes(&r, n);
    m.has_data = true;
    if (r.failed || r.left.n > 3)
        return ERR_MALFORMED;
    *out = m;
    return ERR_NONE;
}

static bool read_peer(struct bytes value, struct bytes transaction, struct turn_message *m)
{
    struct stun_address a = { 0 };
    uint8_t mask[16] = { STUN_COOKIE >> 24, STUN_COOKIE >> 16 & 255, STUN_COOKIE >> 8 & 255,
                         STUN_COOKIE & 255 };
    struct reader v = reader_of(value);
    unsigned family = read_u16(&v) & 255;
    struct bytes ip;

    memcpy(mask + 4, transaction.p, STUN_TRANSACTION);
    a.port = (uint16_t)(read_u16(&v) ^ STUN_COOKIE >> 16);
    a.is_v6 = family == STUN_FAMILY_V6;
    ip = read_bytes(&v, a.is_v6 ? 16 : 4);
    if (!reader_done(&v) || (!a.is_v6 && family != STUN_FAMILY_V4))
        return false;
    for (size_t i = 0; i < ip.n; i++)
        a.ip[i] = ip.p[i] ^ mask[i];
    if (m->peer_count < TURN_PEERS_MAX)
        m->peers[m->peer_count++] = a;
    else
        m->too_many_peers = true;
    return true;
}

static bool read_number(struct bytes value, bool *has, uint32_t *out)
{
    struct reader v = reader_of(value);

    *has = true;
    *out = read_u32(&v);
    return reader_done(&v);
}

static bool read_text(struct bytes value, struct str *out)
{
    *out = str_of_bytes(value);
    return out->p != NULL;
}

static void note_unknown(struct turn_message *m, unsigned type)
{
    if (m->unknown_count < TURN_UNKNOWN_MAX)
        m->unknown[m->unknown_count++] = (uint16_t)type;
}

static bool read_attribute(struct turn_message *m, unsigned type, struct bytes value)
{
    uint32_t number = 0;
    bool whole = true;

    switch (type) {
    case TURN_USERNAME: return value.n <= STUN_USERNAME_MAX && read_text(value, &m->username);
    case TURN_REALM: return read_text(value, &m->realm);
    case TURN_NONCE_OF_REALM: return read_text(value, &m->nonce);
    case TURN_PEER: return read_peer(value, m->transaction, m);
    case TURN_DATA_OF_PEER:
        m->data = value;
        m->has_data = true;
        return true;
    case TURN_LIFETIME: return read_number(value, &m->has_lifetime, &m->lifetime_s);
    case TURN_TRANSPORT:
        whole = read_number(value, &m->has_transport, &number);
        m->transport = number >> 24;
        return whole;
    case TURN_CHANNEL_NUMBER:
        whole = read_number(value, &m->has_channel, &number);
        m->channel_number = number >> 16;
        return whole;
    case TURN_FAMILY:
        whole = read_number(value, &m->has_family, &number);
        m->family = number >> 24;
        return whole;
    case TURN_EVEN_PORT: /* ours are even */
        m->reserves_next = value.n == 1 && (value.p[0] & 0x80) != 0;
        return value.n == 1;
    case TURN_TOKEN: m->has_token = true; return value.n == 8;
    case TURN_DONT_FRAGMENT: return value.n == 0; /* nothing here is ever in parts */
    default:
        if ((type & STUN_OPTIONAL) == 0)
            note_unknown(m, type);
        return true;
    }
}

/* After MESSAGE-INTEGRITY only FINGERPRINT counts: RFC 8489 §14.5. */
static enum err read_attributes(struct reader *r, struct turn_message *m)
{
    uint32_t seen = 0;

    for (unsigned count = 0; r->left.n > 0; count++) {
        size_t at = m->packet.n - r->left.n;
        unsigned type = read_u16(r);
        uint16_t length = read_u16(r);
        struct bytes value = read_bytes(r, length);
        uint32_t bit = type < 0x20 && type != TURN_PEER ? UINT32_C(1) << type : 0;

        read_bytes(r, -length & 3u);
        if (r->failed || count == ATTRIBUTES_MAX || (seen & bit) != 0)
            return ERR_MALFORMED;
        seen |= bit;
        if (m->integrity_at != 0)
            continue;
        if (type == TURN_INTEGRITY && value.n != STUN_INTEGRITY)
            return ERR_MALFORMED;
        if (type == TURN_INTEGRITY)
            m->integrity_at = at;
        else if (!read_attribute(m, type, value))
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

enum err turn_read(struct bytes in, struct turn_message *out)
{
    struct reader r = reader_of(in);
    struct turn_message m = { .packet = in };
    unsigned type, length;
    enum err e;

    if (in.n > 0 && in.p[0] >= 0x40)
        return read_channel(in, out);
    type = read_u16(&r);
    length = read_u16(&r);
    if (read_u32(&r) != STUN_COOKIE)
        return ERR_MALFORMED;
    m.transaction = read_bytes(&r, STUN_TRANSACTION);
    if (r.failed || length != r.left.n || type >> 14 != 0)
        return ERR_MALFORMED;
    m.method = (type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2;
    m.class = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    if ((e = read_attributes(&r, &m)) != ERR_NONE)
        return e;
    *out = m;
    return ERR_NONE;
}

bool turn_is_authentic(const struct turn_message *m, const uint8_t key[TURN_KEY])
{
    uint8_t want[STUN_INTEGRITY];

    if (m->integrity_at == 0)
        return false;
    stun_integrity(bytes_of(m->packet.p, m->integrity_at),
                   (struct str){ (const char *)key, TURN_KEY }, want);
    return ct_equal(want, m->packet.p + m->integrity_at + STUN_ATTRIBUTE_HEADER, sizeof want);
}

/* ---- Writing ---------------------------------------------------------------------------------------- */

static void put(struct buf *out, uint64_t value, unsigned octets)
{
    while (octets-- > 0)
        buf_add_char(out, (char)(uint8_t)(value >> 8 * octets));
}

struct turn_answer turn_begin(struct buf *out, unsigned method, enum stun_class class,
                              struct bytes transaction)
{
    unsigned c = (unsigned)class;
    unsigned type = (method & 0x000f) | (method & 0x0070) << 1 | (method & 0x0f80) << 2
                    | (c & 1) << 4 | (c & 2) << 7;
    struct turn_answer a = { out, out->n };

    put(out, type, 2);
    put(out, 0, 2);
    put(out, STUN_COOKIE, 4);
    buf_add_bytes(out, transaction);
    return a;
}

void turn_put(struct turn_answer *a, unsigned type, struct bytes value)
{
    put(a->out, type, 2);
    put(a->out, value.n, 2);
    buf_add_bytes(a->out, value);
    put(a->out, 0, -value.n & 3u);
}

void turn_put_u32(struct turn_answer *a, unsigned type, uint32_t value)
{
    put(a->out, type, 2);
    put(a->out, 4, 2);
    put(a->out, value, 4);
}

void turn_put_address(struct turn_answer *a, unsigned type, const struct stun_address *address)
{
    size_t size = address->is_v6 ? 16 : 4;

    put(a->out, type, 2);
    put(a->out, 4 + size, 2);
    put(a->out, address->is_v6 ? STUN_FAMILY_V6 : STUN_FAMILY_V4, 2);
    put(a->out, address->port ^ STUN_COOKIE >> 16, 2);
    for (size_t i = 0; i < size && !a->out->failed;
         i++) /* cookie and transaction: octets 4 to 20 */
        put(a->out, address->ip[i] ^ (uint8_t)a->out->p[a->at + 4 + i], 1);
}

void turn_put_error(struct turn_answer *a, unsigned code)
{
    static const struct {
        unsigned code;
        const char *words;
    } texts[] = {
        { 400, "Bad Request" },
        { 401, "Unauthenticated" },
        { 403, "Forbidden" },
        { 420, "Unknown Attribute" },
        { 437, "Allocation Mismatch" },
        { 438, "Stale Nonce" },
        { 440, "Address Family not Supported" },
        { 441, "Wrong Credentials" },
        { 442, "Unsupported Transport Protocol" },
        { 443, "Peer Address Family Mismatch" },
        { 486, "Allocation Quota Reached" },
        { 508, "Insufficient Capacity" },
    };
    struct str words = STR("Error");

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i].code == code)
            words = str_from(texts[i].words);
    put(a->out, TURN_ERROR, 2);
    put(a->out, 4 + words.n, 2);
    put(a->out, (code / 100) << 8 | code % 100, 4);
    buf_add(a->out, words);
    put(a->out, 0, -words.n & 3u);
}

static void set_length(const struct turn_answer *a, size_t n)
{
    a->out->p[a->at + 2] = (char)(uint8_t)(n >> 8);
    a->out->p[a->at + 3] = (char)(uint8_t)n;
}

void turn_end(struct turn_answer *a, const uint8_t *key)
{
    uint8_t integrity[STUN_INTEGRITY];

    if (a->out->failed)
        return;
    if (key != NULL) {
        stun_integrity(bytes_of(a->out->p + a->at, a->out->n - a->at),
                       (struct str){ (const char *)key, TURN_KEY }, integrity);
        turn_put(a, TURN_INTEGRITY, bytes_of(integrity, sizeof integrity));
    }
    if (!a->out->failed)
        set_length(a, a->out->n - a->at - STUN_HEADER);
}

void turn_write_channel(struct buf *out, unsigned channel, struct bytes data)
{
    put(out, channel, 2);
    put(out, data.n, 2);
    buf_add_bytes(out, data);
    put(out, 0, -data.n & 3u);
}
