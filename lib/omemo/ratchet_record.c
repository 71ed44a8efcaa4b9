/* ratchet_record.c: a session as octets, for the store. Numbers are big-endian.
 *
 *   offset  size  what
 *   0       1     format, 1
 *   1       1     version of OMEMO
 *   2       1     flags
 *   3       8     session id
 *   11      32    root key
 *   43      64    our ratchet key, secret and public
 *   107     32    sending chain key
 *   139     12    sent, sent in the chain before, rows kept
 *   151     40    if pending: ephemeral key, prekey id, signed prekey id
 *   then    1     receiving chains, at most 5
 *   then    44    each: id, key, next
 *
 * Nobody is pending who has received, so no record is longer than 372 octets.
 */
#include "omemo/ratchet.h"

#include <assert.h>
#include <string.h>

#include "base/reader.h"

enum { FORMAT = 1 };
enum {
    FLAG_INITIATOR = 1,
    FLAG_PENDING = 2,
    FLAG_RIVAL = 4,
    FLAG_CAN_SEND = 8,
    FLAG_PREKEY = 16,
    FLAGS_ALL = 31,
};

struct record {
    uint8_t *p;
    size_t n;
};

static void put(struct record *to, const void *octets, size_t n)
{
    assert(n <= RATCHET_RECORD_MAX - to->n);
    memcpy(to->p + to->n, octets, n);
    to->n += n;
}

static void put_u8(struct record *to, unsigned value)
{
    put(to, &(uint8_t){ (uint8_t)value }, 1);
}

static void put_u32(struct record *to, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        put_u8(to, value >> shift & 0xff);
}

static unsigned flags_of(const struct ratchet *r)
{
    return (r->is_initiator ? FLAG_INITIATOR : 0) | (r->is_pending ? FLAG_PENDING : 0)
           | (r->is_rival ? FLAG_RIVAL : 0) | (r->can_send ? FLAG_CAN_SEND : 0)
           | (r->is_pending && r->exchange.has_prekey ? FLAG_PREKEY : 0);
}

static void put_exchange(struct record *to, const struct ratchet_exchange *x)
{
    put(to, x->ephemeral, OMEMO_KEY);
    put_u32(to, x->prekey_id);
    put_u32(to, x->signed_prekey_id);
}

static void put_chain(struct record *to, const struct chain *c)
{
    put(to, c->id, CHAIN_ID);
    put(to, c->key, OMEMO_KEY);
    put_u32(to, c->next);
}

size_t ratchet_write(const struct ratchet *r, uint8_t out[RATCHET_RECORD_MAX])
{
    struct record to = { out, 0 };

    put_u8(&to, FORMAT);
    put_u8(&to, r->version);
    put_u8(&to, flags_of(r));
    put(&to, r->id, SESSION_ID);
    put(&to, r->root, OMEMO_KEY);
    put(&to, r->secret, OMEMO_KEY);
    put(&to, r->public_key, OMEMO_KEY);
    put(&to, r->sending, OMEMO_KEY);
    put_u32(&to, r->sent);
    put_u32(&to, r->previous_sent);
    put_u32(&to, r->kept);
    if (r->is_pending)
        put_exchange(&to, &r->exchange);
    put_u8(&to, r->receiving_count);
    for (int i = 0; i < r->receiving_count; i++)
        put_chain(&to, &r->receiving[i]);
    return to.n;
}

static void get(struct reader *from, uint8_t *out, size_t n)
{
    struct bytes octets = read_bytes(from, n);

    if (octets.n == n)
        memcpy(out, octets.p, n);
}

static void get_flags(struct ratchet *r, unsigned flags)
{
    r->is_initiator = flags & FLAG_INITIATOR;
    r->is_pending = flags & FLAG_PENDING;
    r->is_rival = flags & FLAG_RIVAL;
    r->can_send = flags & FLAG_CAN_SEND;
    r->exchange.has_prekey = flags & FLAG_PREKEY;
}

static void get_exchange(struct reader *from, struct ratchet_exchange *x)
{
    get(from, x->ephemeral, OMEMO_KEY);
    x->prekey_id = read_u32(from);
    x->signed_prekey_id = read_u32(from);
}

static void get_chain(struct reader *from, struct chain *c)
{
    get(from, c->id, CHAIN_ID);
    get(from, c->key, OMEMO_KEY);
    c->next = read_u32(from);
}

enum err ratchet_read(struct bytes in, struct ratchet *out)
{
    struct reader from = reader_of(in);
    struct ratchet r = { .version = OMEMO_03 };
    uint8_t format = read_u8(&from), version = read_u8(&from), flags = read_u8(&from);

    if (format != FORMAT || version >= OMEMO_VERSIONS || flags > FLAGS_ALL)
        return ERR_MALFORMED;
    r.version = (enum omemo)version;
    get_flags(&r, flags);
    get(&from, r.id, SESSION_ID);
    get(&from, r.root, OMEMO_KEY);
    get(&from, r.secret, OMEMO_KEY);
    get(&from, r.public_key, OMEMO_KEY);
    get(&from, r.sending, OMEMO_KEY);
    r.sent = read_u32(&from);
    r.previous_sent = read_u32(&from);
    r.kept = read_u32(&from);
    if (r.is_pending)
        get_exchange(&from, &r.exchange);
    r.receiving_count = read_u8(&from);
    if (r.receiving_count > CHAINS_MAX)
        return ERR_MALFORMED;
    for (int i = 0; i < r.receiving_count; i++)
        get_chain(&from, &r.receiving[i]);
    if (!reader_done(&from))
        return ERR_MALFORMED;
    *out = r;
    return ERR_NONE;
}
