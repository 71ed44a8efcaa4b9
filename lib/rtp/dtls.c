/* dtls.c: records, and in those of epoch 0 the fragments of the handshake. */
#include "rtp/dtls.h"

#include "base/reader.h"

enum record_type {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_APPLICATION = 23,
    RECORD_ACK = 26, /* RFC 9147 §7: in clear only as an answer to a hello */
};

enum {
    VERSION_1_0 = 0xfeff, /* what records of a ClientHello say: RFC 6347 §4.2.1 */
    VERSION_1_2 = 0xfefd,
    RECORD_MAX = (1 << 14) + 2048, /* RFC 6347 §4.1: DTLSCiphertext.length */
    /* What protects a record: at least a nonce and a tag (RFC 5288), or in DTLS 1.3 a tag and a type. */
    SEALED_MIN = 16,
    SEALED_13_MIN = 17,
    FRAGMENT_HEADER = 12,
};

/* ---- The handshake ---------------------------------------------------------------------------------- */

enum sender { BY_EITHER, BY_CLIENT, BY_SERVER, BY_NOBODY };

static enum sender sender_of(unsigned message)
{
    switch (message) {
    case 1:  /* ClientHello */
    case 15: /* CertificateVerify: in clear by clients alone */
    case 16: /* ClientKeyExchange */ return BY_CLIENT;
    case 0:  /* HelloRequest */
    case 2:  /* ServerHello */
    case 3:  /* HelloVerifyRequest */
    case 4:  /* NewSessionTicket */
    case 12: /* ServerKeyExchange */
    case 13: /* CertificateRequest */
    case 14: /* ServerHelloDone */
    case 22: /* CertificateStatus */ return BY_SERVER;
    case 11: return BY_EITHER; /* Certificate */
    default: return BY_NOBODY; /* in clear, that is */
    }
}

static uint32_t read_u24(struct reader *r)
{
    uint32_t high = read_u8(r);

    return high << 16 | read_u16(r);
}

/* The first of the list, which is the sender's own: RFC 5246 §7.4.2. */
static enum err read_certificate(struct bytes body, struct bytes *out)
{
    struct reader r = reader_of(body);
    uint32_t list = read_u24(&r);
    struct bytes first;

    if (r.failed || list != r.left.n)
        return ERR_MALFORMED;
    if (list == 0)
        return ERR_NONE;
    first = read_bytes(&r, read_u24(&r));
    if (r.failed || first.n == 0)
        return ERR_MALFORMED;
    *out = first;
    return ERR_NONE;
}

static enum err read_fragment(struct reader *r, struct dtls_facts *f)
{
    unsigned message = read_u8(r);
    uint32_t length = read_u24(r), offset, count;
    enum sender sender = sender_of(message);
    struct bytes body;

    read_u16(r); /* message_seq */
    offset = read_u24(r);
    count = read_u24(r);
    body = read_bytes(r, count);
    if (r->failed || length > DTLS_MESSAGE_MAX || offset > length || count > length - offset)
        return ERR_MALFORMED;
    if (count == 0 && length > 0)
        return ERR_MALFORMED; /* RFC 9147 §5.5: a fragment of nothing */
    f->by_client = f->by_client || sender == BY_CLIENT;
    f->by_server = f->by_server || sender == BY_SERVER;
    f->hello = f->hello || message == 1 || message == 2;
    if (sender == BY_NOBODY || (f->by_client && f->by_server))
        return ERR_MALFORMED;
    return message == 11 && count == length ? read_certificate(body, &f->certificate) : ERR_NONE;
}

static enum err read_handshake(struct bytes record, struct dtls_facts *f)
{
    struct reader r = reader_of(record);
    enum err e = ERR_MALFORMED; /* of nothing */

    f->handshake = true;
    while (r.left.n > 0)
        if ((e = read_fragment(&r, f)) != ERR_NONE)
            return e;
    return e;
}

/* ---- Records ---------------------------------------------------------------------------------------- */

static enum err read_clear(unsigned type, struct bytes record, struct dtls_facts *f)
{
    switch (type) {
    case RECORD_HANDSHAKE: return read_handshake(record, f);
    case RECORD_ALERT:
        f->alert = true;
        return record.n == 2 && (record.p[0] == 1 || record.p[0] == 2) ? ERR_NONE : ERR_MALFORMED;
    case RECORD_CHANGE_CIPHER_SPEC:
        return record.n == 1 && record.p[0] == 1 ? ERR_NONE : ERR_MALFORMED;
    case RECORD_ACK: /* a list of 16-octet numbers behind its length */
        return record.n >= 2 && (record.n - 2) % 16 == 0 ? ERR_NONE : ERR_MALFORMED;
    default: return ERR_MALFORMED; /* application data has keys */
    }
}

/* DTLS 1.2, and the first messages of 1.3. */
static enum err read_plain_header(struct reader *r, unsigned type, struct dtls_facts *f)
{
    unsigned version = read_u16(r), epoch = read_u16(r), length;
    struct bytes record;

    read_bytes(r, 6); /* the sequence number */
    length = read_u16(r);
    record = read_bytes(r, length);
    if (type > RECORD_APPLICATION && type != RECORD_ACK)
        return ERR_UNSUPPORTED;
    if (r->failed || length > RECORD_MAX || (version != VERSION_1_0 && version != VERSION_1_2))
        return ERR_MALFORMED;
    if (epoch == 0)
        return read_clear(type, record, f);
    f->encrypted = true;
    f->application = f->application || type == RECORD_APPLICATION;
    return record.n >= SEALED_MIN ? ERR_NONE : ERR_MALFORMED;
}

/* RFC 9147 §4: without its length a record is the rest of the datagram. */
static enum err read_unified_header(struct reader *r, unsigned first, struct dtls_facts *f)
{
    enum { CONNECTION_ID = 0x10, LONG_SEQUENCE = 0x08, HAS_LENGTH = 0x04 };
    struct bytes record;

    if (first & CONNECTION_ID)
        return ERR_UNSUPPORTED;
    read_bytes(r, first & LONG_SEQUENCE ? 2 : 1);
    record = read_bytes(r, first & HAS_LENGTH ? read_u16(r) : r->left.n);
    f->encrypted = true;
    return r->failed || record.n < SEALED_13_MIN ? ERR_MALFORMED : ERR_NONE;
}

enum err dtls_read(struct bytes datagram, struct dtls_facts *out)
{
    struct reader r = reader_of(datagram);
    struct dtls_facts f = { 0 };
    enum err e;

    do {
        unsigned first = read_u8(&r);

        if (r.failed || ++f.records > DTLS_RECORDS_MAX)
            return ERR_MALFORMED;
        if (first >> 5 == 1)
            e = read_unified_header(&r, first, &f);
        else
            e = read_plain_header(&r, first, &f);
        if (e != ERR_NONE)
            return e;
    } while (r.left.n > 0);
    *out = f;
    return ERR_NONE;
}
