/* codec.c: the messages of both versions, in terms of pb.h. */
#include "omemo/codec.h"

#include <string.h>

#include "omemo/pb.h"

/* 0.3: the version of this message in the high half, the highest that the sender knows in the low
 * half. */
enum { SIGNAL_VERSION = 0x33, SIGNAL_MESSAGE = 0x3 };

enum { TYPED_KEY = 1 + OMEMO_KEY };

static enum err key_of(enum omemo version, const struct pb_field *f, uint8_t out[OMEMO_KEY])
{
    struct bytes key = f->octets;

    if (version == OMEMO_03) {
        if (key.n != TYPED_KEY || key.p[0] != OMEMO_KEY_TYPE)
            return ERR_MALFORMED;
        key = (struct bytes){ key.p + 1, key.n - 1 };
    }
    if (key.n != OMEMO_KEY)
        return ERR_MALFORMED;
    memcpy(out, key.p, OMEMO_KEY);
    return ERR_NONE;
}

/* Takes the version octet off a message of 0.3. */
static enum err take_version(struct bytes *in)
{
    if (in->n == 0)
        return ERR_MALFORMED;
    if (in->p[0] >> 4 != SIGNAL_MESSAGE)
        return ERR_UNSUPPORTED;
    *in = (struct bytes){ in->p + 1, in->n - 1 };
    return ERR_NONE;
}

static enum err fill_message(enum omemo version, const struct pb_field *key,
                             const struct pb_field *n, const struct pb_field *previous_n,
                             const struct pb_field *sealed, struct codec_message *m)
{
    m->n = n->value;
    m->previous_n = previous_n->value;
    m->sealed = sealed->octets;
    if (m->sealed.n > CODEC_SEALED_MAX)
        return ERR_TOO_BIG;
    return key_of(version, key, m->ratchet_key);
}

/* The previous n is not asked for in 0.3: nothing depends on it. */
static enum err read_message_03(struct bytes in, struct codec_message *m)
{
    size_t mac_size = dialect_of(OMEMO_03)->mac_size;
    struct pb_field f[] = {
        { .number = 1, .type = PB_BYTES, .required = true },
        { .number = 2, .type = PB_UINT32, .required = true },
        { .number = 3, .type = PB_UINT32 },
        { .number = 4, .type = PB_BYTES, .required = true },
    };
    enum err e;

    if (in.n < mac_size)
        return ERR_MALFORMED;
    m->covered = (struct bytes){ in.p, in.n - mac_size };
    m->mac = (struct bytes){ in.p + m->covered.n, mac_size };
    in = m->covered;
    if ((e = take_version(&in)) != ERR_NONE || (e = pb_read(in, f, 4)) != ERR_NONE)
        return e;
    return fill_message(OMEMO_03, &f[0], &f[1], &f[2], &f[3], m);
}

static enum err read_message_2(struct bytes in, struct codec_message *m)
{
    struct pb_field outer[] = {
        { .number = 1, .type = PB_BYTES, .required = true },
        { .number = 2, .type = PB_BYTES, .required = true },
    };
    struct pb_field f[] = {
        { .number = 1, .type = PB_UINT32, .required = true },
        { .number = 2, .type = PB_UINT32, .required = true },
        { .number = 3, .type = PB_BYTES, .required = true },
        { .number = 4, .type = PB_BYTES },
    };
    enum err e;

    if ((e = pb_read(in, outer, 2)) != ERR_NONE)
        return e;
    m->mac = outer[0].octets;
    m->covered = outer[1].octets;
    if (m->mac.n != dialect_of(OMEMO_2)->mac_size)
        return ERR_MALFORMED;
    if ((e = pb_read(m->covered, f, 4)) != ERR_NONE)
        return e;
    return fill_message(OMEMO_2, &f[2], &f[0], &f[1], &f[3], m);
}

static enum err read_message(enum omemo version, struct bytes in, struct codec_message *m)
{
    return version == OMEMO_03 ? read_message_03(in, m) : read_message_2(in, m);
}

/* The places of the same five things in the two versions. OMEMO 2 has no registration id, and
 * demands a prekey. */
static const struct {
    uint32_t prekey, signed_prekey, ephemeral, identity, message;
} places[OMEMO_VERSIONS] = {
    [OMEMO_03] = { 1, 6, 2, 3, 4 },
    [OMEMO_2] = { 1, 2, 4, 3, 5 },
};
enum { PLACE_REGISTRATION = 5 };

static enum err read_exchange(enum omemo version, struct bytes in, struct codec_exchange *x,
                              struct bytes *message)
{
    struct pb_field f[] = {
        { .number = places[version].prekey, .type = PB_UINT32, .required = version == OMEMO_2 },
        { .number = places[version].signed_prekey, .type = PB_UINT32, .required = true },
        { .number = places[version].ephemeral, .type = PB_BYTES, .required = true },
        { .number = places[version].identity, .type = PB_BYTES, .required = true },
        { .number = places[version].message, .type = PB_BYTES, .required = true },
        { .number = PLACE_REGISTRATION, .type = PB_UINT32 }, /* 0.3 only, so it comes last */
    };
    enum err e;

    if (version == OMEMO_03 && (e = take_version(&in)) != ERR_NONE)
        return e;
    if ((e = pb_read(in, f, version == OMEMO_03 ? 6 : 5)) != ERR_NONE
        || (e = key_of(version, &f[2], x->ephemeral)) != ERR_NONE
        || (e = key_of(version, &f[3], x->identity)) != ERR_NONE)
        return e;
    x->has_prekey = f[0].found;
    x->prekey_id = f[0].value;
    x->signed_prekey_id = f[1].value;
    x->registration_id = f[5].value;
    *message = f[4].octets;
    return ERR_NONE;
}

enum err codec_read(enum omemo version, bool is_exchange, struct bytes in, struct codec_key *out)
{
    struct codec_key key = { .is_exchange = is_exchange };
    enum err e;

    if (in.n > CODEC_IN_MAX)
        return ERR_TOO_BIG;
    if (is_exchange && (e = read_exchange(version, in, &key.exchange, &in)) != ERR_NONE)
        return e;
    if ((e = read_message(version, in, &key.message)) != ERR_NONE)
        return e;
    *out = key;
    return ERR_NONE;
}

static void put_version(struct pb_writer *w)
{
    pb_put_raw(w, (struct bytes){ &(uint8_t){ SIGNAL_VERSION }, 1 });
}

static void put_key(struct pb_writer *w, enum omemo version, uint32_t number,
                    const uint8_t key[OMEMO_KEY])
{
    uint8_t typed[TYPED_KEY] = { OMEMO_KEY_TYPE };

    memcpy(typed + 1, key, OMEMO_KEY);
    pb_put_bytes(w, number,
                 version == OMEMO_03 ? bytes_of(typed, TYPED_KEY) : bytes_of(key, OMEMO_KEY));
}

struct bytes codec_cover(enum omemo version, const struct codec_message *m, uint8_t *room)
{
    struct pb_writer w = { room, 0, CODEC_OUT_MAX };

    if (version == OMEMO_03) {
        put_version(&w);
        put_key(&w, version, 1, m->ratchet_key);
        pb_put_uint32(&w, 2, m->n);
        pb_put_uint32(&w, 3, m->previous_n);
    } else {
        pb_put_uint32(&w, 1, m->n);
        pb_put_uint32(&w, 2, m->previous_n);
        put_key(&w, version, 3, m->ratchet_key);
    }
    pb_put_bytes(&w, 4, m->sealed);
    return (struct bytes){ w.p, w.n };
}

static void put_message(struct pb_writer *w, enum omemo version, const struct codec_message *m)
{
    if (version == OMEMO_03) {
        pb_put_raw(w, m->covered);
        pb_put_raw(w, m->mac);
    } else {
        pb_put_bytes(w, 1, m->mac);
        pb_put_bytes(w, 2, m->covered);
    }
}

/* In the order in which the usual library declares the fields: 5, 1, 6, 2, 3, 4. */
static void put_exchange_03(struct pb_writer *w, const struct codec_exchange *x,
                            struct bytes message)
{
    put_version(w);
    pb_put_uint32(w, PLACE_REGISTRATION, x->registration_id);
    if (x->has_prekey)
        pb_put_uint32(w, places[OMEMO_03].prekey, x->prekey_id);
    pb_put_uint32(w, places[OMEMO_03].signed_prekey, x->signed_prekey_id);
    put_key(w, OMEMO_03, places[OMEMO_03].ephemeral, x->ephemeral);
    put_key(w, OMEMO_03, places[OMEMO_03].identity, x->identity);
    pb_put_bytes(w, places[OMEMO_03].message, message);
}

static void put_exchange_2(struct pb_writer *w, const struct codec_exchange *x,
                           struct bytes message)
{
    pb_put_uint32(w, places[OMEMO_2].prekey, x->prekey_id);
    pb_put_uint32(w, places[OMEMO_2].signed_prekey, x->signed_prekey_id);
    put_key(w, OMEMO_2, places[OMEMO_2].identity, x->identity);
    put_key(w, OMEMO_2, places[OMEMO_2].ephemeral, x->ephemeral);
    pb_put_bytes(w, places[OMEMO_2].message, message);
}

void codec_write(enum omemo version, const struct codec_message *m,
                 const struct codec_exchange *exchange, struct codec_out *out)
{
    uint8_t room[CODEC_OUT_MAX];
    struct pb_writer inner = { room, 0, sizeof room };
    struct pb_writer w = { out->octets, 0, sizeof out->octets };

    put_message(&inner, version, m);
    if (exchange == NULL)
        pb_put_raw(&w, bytes_of(room, inner.n));
    else if (version == OMEMO_03)
        put_exchange_03(&w, exchange, bytes_of(room, inner.n));
    else
        put_exchange_2(&w, exchange, bytes_of(room, inner.n));
    out->is_exchange = exchange != NULL;
    out->n = w.n;
}
