/* ratchet.c: chains, keys and messages of one session. */
#include "omemo/ratchet.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

enum { HMAC_SIZE = 32, ENDS_MAX = 2 * (1 + OMEMO_KEY) };

/* What a message key is stretched into. */
struct message_keys {
    uint8_t cipher[32], mac[32], iv[AES_BLOCK];
};
_Static_assert(sizeof(struct message_keys) == 80, "HKDF fills it as it is");

static struct bytes key_bytes(const uint8_t key[OMEMO_KEY])
{
    return bytes_of(key, OMEMO_KEY);
}

static void chain_step(const uint8_t key[OMEMO_KEY], uint8_t constant, uint8_t out[OMEMO_KEY])
{
    hmac(HASH_SHA256, key_bytes(key), bytes_of(&constant, 1), out);
}

static void chain_message_key(const uint8_t key[OMEMO_KEY], uint8_t out[OMEMO_KEY])
{
    chain_step(key, 0x01, out);
}

static void chain_advance(uint8_t key[OMEMO_KEY])
{
    chain_step(key, 0x02, key);
}

/* Turns the root: a product of ratchet keys goes in, the key of a new chain comes out. */
static enum err root_step(enum omemo version, uint8_t root[OMEMO_KEY],
                          const uint8_t secret[OMEMO_KEY], const uint8_t point[OMEMO_KEY],
                          uint8_t out_chain[OMEMO_KEY])
{
    uint8_t product[OMEMO_KEY], both[2 * OMEMO_KEY];
    enum err e = x25519(secret, point, product);

    if (e == ERR_NONE) {
        hkdf(key_bytes(root), key_bytes(product), dialect_of(version)->root_info, both,
             sizeof both);
        memcpy(root, both, OMEMO_KEY);
        memcpy(out_chain, both + OMEMO_KEY, OMEMO_KEY);
    }
    secure_zero(product, sizeof product);
    secure_zero(both, sizeof both);
    return e;
}

/* A new ratchet key of ours, and the chain that goes with it. */
static enum err turn_sending(struct ratchet *r, const uint8_t their_key[OMEMO_KEY],
                             const struct random *random)
{
    random_fill(random, r->secret, sizeof r->secret);
    x25519_clamp(r->secret);
    x25519_public(r->secret, r->public_key);
    r->previous_sent = r->sent;
    r->sent = 0;
    r->can_send = true;
    return root_step(r->version, r->root, r->secret, their_key, r->sending);
}

enum err ratchet_start(enum omemo version, const uint8_t secret[OMEMO_KEY],
                       const uint8_t their_signed_prekey[OMEMO_KEY],
                       const struct ratchet_exchange *exchange, const struct random *random,
                       struct ratchet *out)
{
    struct ratchet r = { .version = version, .is_initiator = true, .is_pending = true };
    enum err e;

    memcpy(r.id, exchange->ephemeral, SESSION_ID);
    r.exchange = *exchange;
    memcpy(r.root, secret, OMEMO_KEY);
    if ((e = turn_sending(&r, their_signed_prekey, random)) == ERR_NONE)
        *out = r;
    secure_zero(&r, sizeof r);
    return e;
}

void ratchet_accept(enum omemo version, const uint8_t secret[OMEMO_KEY],
                    const struct prekey *our_signed_prekey, const uint8_t ephemeral[OMEMO_KEY],
                    struct ratchet *out)
{
    *out = (struct ratchet){ .version = version };
    memcpy(out->id, ephemeral, SESSION_ID);
    memcpy(out->root, secret, OMEMO_KEY);
    memcpy(out->secret, our_signed_prekey->secret, OMEMO_KEY);
    memcpy(out->public_key, our_signed_prekey->public_key, OMEMO_KEY);
}

/* 0.3 names sender before receiver, with type octets; OMEMO 2 names initiator before acceptor,
 * always. */
static struct bytes covered_ends(const struct ratchet *r, const struct ratchet_ends *ends,
                                 bool sending, uint8_t room[ENDS_MAX])
{
    bool ours_first = r->version == OMEMO_03 ? sending : r->is_initiator;
    const uint8_t *first = ours_first ? ends->ours : ends->theirs;
    const uint8_t *second = ours_first ? ends->theirs : ends->ours;
    size_t type = r->version == OMEMO_03 ? 1 : 0;

    memset(room, OMEMO_KEY_TYPE, ENDS_MAX);
    memcpy(room + type, first, OMEMO_KEY);
    memcpy(room + type + OMEMO_KEY + type, second, OMEMO_KEY);
    return bytes_of(room, 2 * (type + OMEMO_KEY));
}

static void stretch(enum omemo version, const uint8_t message_key[OMEMO_KEY],
                    struct message_keys *out)
{
    static const uint8_t salt[OMEMO_KEY];

    hkdf(key_bytes(salt), key_bytes(message_key), dialect_of(version)->message_info, (uint8_t *)out,
         sizeof *out);
}

static void mac_of(const struct message_keys *keys, struct bytes ends, struct bytes covered,
                   uint8_t out[HMAC_SIZE])
{
    hmac2(HASH_SHA256, bytes_of(keys->mac, sizeof keys->mac), ends, covered, out);
}

/* Seals and writes one message under the stretched keys. */
static void seal(const struct ratchet *r, const struct ratchet_ends *ends,
                 const struct message_keys *keys, struct bytes plain, struct codec_out *out)
{
    uint8_t sealed[CODEC_SEALED_MAX], room[CODEC_OUT_MAX], named[ENDS_MAX], mac[HMAC_SIZE];
    struct codec_message m = { .n = r->sent, .previous_n = r->previous_sent };
    struct codec_exchange x = { .registration_id = ends->our_device_id };

    cbc_encrypt(keys->cipher, keys->iv, plain, sealed);
    memcpy(m.ratchet_key, r->public_key, OMEMO_KEY);
    m.sealed = bytes_of(sealed, cbc_size(plain.n));
    m.covered = codec_cover(r->version, &m, room);
    mac_of(keys, covered_ends(r, ends, true, named), m.covered, mac);
    m.mac = bytes_of(mac, dialect_of(r->version)->mac_size);
    x.prekey_id = r->exchange.prekey_id;
    x.has_prekey = r->exchange.has_prekey;
    x.signed_prekey_id = r->exchange.signed_prekey_id;
    memcpy(x.ephemeral, r->exchange.ephemeral, OMEMO_KEY);
    memcpy(x.identity, ends->ours, OMEMO_KEY);
    codec_write(r->version, &m, r->is_pending ? &x : NULL, out);
}

enum err ratchet_encrypt(struct ratchet *r, const struct ratchet_ends *ends, struct bytes plain,
                         struct codec_out *out)
{
    uint8_t message_key[OMEMO_KEY];
    struct message_keys keys;

    assert(r->can_send && plain.n <= CODEC_PLAIN_MAX);
    if (r->sent == UINT32_MAX)
        return ERR_FULL;
    chain_message_key(r->sending, message_key);
    stretch(r->version, message_key, &keys);
    seal(r, ends, &keys, plain, out);
    chain_advance(r->sending);
    r->sent++;
    secure_zero(message_key, sizeof message_key);
    secure_zero(&keys, sizeof keys);
    return ERR_NONE;
}

bool kept_next(struct kept_range *range, struct kept_key *out)
{
    if (range->count == 0)
        return false;
    memcpy(out->session, range->session, SESSION_ID);
    memcpy(out->chain, range->from.id, CHAIN_ID);
    out->n = range->from.next++;
    chain_message_key(range->from.key, out->key);
    chain_advance(range->from.key);
    range->count--;
    return true;
}

/* The place of the message's chain; receiving_count if its ratchet key is new to us, or long gone. */
static uint8_t find_chain(const struct ratchet *r, const struct codec_message *m)
{
    uint8_t i = 0;

    while (i < r->receiving_count && memcmp(r->receiving[i].id, m->ratchet_key, CHAIN_ID) != 0)
        i++;
    return i;
}

bool ratchet_has_chain(const struct ratchet *r, const struct codec_message *m)
{
    return find_chain(r, m) < r->receiving_count;
}

bool ratchet_may_have_kept(const struct ratchet *r, const struct codec_message *m)
{
    uint8_t i = find_chain(r, m);

    return r->kept > 0 && (i == r->receiving_count || m->n < r->receiving[i].next);
}

/* The chain of a new ratchet key takes the first place, the oldest one falls out. Our own half of
 * the turn waits until the message has proved to be genuine, so that garbage costs one product, not
 * three. */
static enum err turn_receiving(struct ratchet *r, const struct codec_message *m)
{
    struct chain chain = { .next = 0 };
    enum err e = root_step(r->version, r->root, r->secret, m->ratchet_key, chain.key);

    if (e != ERR_NONE)
        return e;
    memcpy(chain.id, m->ratchet_key, CHAIN_ID);
    memmove(r->receiving + 1, r->receiving, (CHAINS_MAX - 1) * sizeof r->receiving[0]);
    r->receiving[0] = chain;
    if (r->receiving_count < CHAINS_MAX)
        r->receiving_count++;
    secure_zero(&chain, sizeof chain);
    return ERR_NONE;
}

/* Moves the chain past the message; the keys in between become rows. */
static enum err take_from_chain(struct chain *chain, const struct codec_message *m,
                                struct kept_range *skipped, uint8_t out[OMEMO_KEY])
{
    if (m->n < chain->next)
        return ERR_EXISTS;
    if (m->n - chain->next > SKIP_MAX)
        return ERR_TOO_BIG;
    if (m->n == UINT32_MAX)
        return ERR_MALFORMED; /* there could be no next one */
    skipped->from = *chain;
    skipped->count = m->n - chain->next;
    for (; chain->next < m->n; chain->next++)
        chain_advance(chain->key);
    chain_message_key(chain->key, out);
    chain_advance(chain->key);
    chain->next++;
    return ERR_NONE;
}

/* Finds the message's key in the session, which moves on. *turned: by a new ratchet key. */
static enum err take_key(struct ratchet_received *to, const struct codec_message *m, bool *turned,
                         uint8_t out[OMEMO_KEY])
{
    struct ratchet *r = &to->session;
    uint8_t at = find_chain(r, m);
    uint32_t before;
    enum err e;

    *turned = at == r->receiving_count;
    if (*turned) {
        if ((e = turn_receiving(r, m)) != ERR_NONE)
            return e;
        at = 0;
    }
    before = r->receiving[at].next;
    if ((e = take_from_chain(&r->receiving[at], m, &to->add, out)) != ERR_NONE)
        return e;
    memcpy(to->add.session, r->id, SESSION_ID);
    to->wants_heartbeat = m->n >= HEARTBEAT_AFTER && before <= HEARTBEAT_AFTER;
    to->evict = r->kept + to->add.count > KEPT_MAX ? r->kept + to->add.count - KEPT_MAX : 0;
    r->kept += to->add.count - to->evict;
    return ERR_NONE;
}

static enum err open_message(const struct ratchet *r, const struct ratchet_ends *ends,
                             const struct codec_message *m, const uint8_t message_key[OMEMO_KEY],
                             struct ratchet_received *to)
{
    uint8_t named[ENDS_MAX], mac[HMAC_SIZE], plain[CODEC_SEALED_MAX];
    struct message_keys keys;
    enum err e = ERR_DENIED;

    stretch(r->version, message_key, &keys);
    mac_of(&keys, covered_ends(r, ends, false, named), m->covered, mac);
    if (m->mac.n == dialect_of(r->version)->mac_size && ct_equal(mac, m->mac.p, m->mac.n))
        e = cbc_decrypt(keys.cipher, keys.iv, m->sealed, plain, &to->plain_n);
    if (e == ERR_NONE && to->plain_n > CODEC_PLAIN_MAX)
        e = ERR_TOO_BIG;
    if (e == ERR_NONE)
        memcpy(to->plain, plain, to->plain_n);
    secure_zero(&keys, sizeof keys);
    secure_zero(plain, sizeof plain);
    return e;
}

enum err ratchet_decrypt(const struct ratchet *r, const struct ratchet_ends *ends,
                         const struct codec_message *m, const struct kept_key *kept,
                         const struct random *random, struct ratchet_received *out)
{
    struct ratchet_received to = { .session = *r };
    uint8_t message_key[OMEMO_KEY];
    bool turned = false;
    enum err e = ERR_NONE;

    if (kept != NULL) {
        memcpy(message_key, kept->key, OMEMO_KEY);
        to.kept_used = true;
        to.session.kept -= r->kept > 0;
    } else {
        e = take_key(&to, m, &turned, message_key);
    }
    if (e == ERR_NONE)
        e = open_message(r, ends, m, message_key, &to);
    if (e == ERR_NONE && turned)
        e = turn_sending(&to.session, m->ratchet_key, random);
    if (e == ERR_NONE) {
        to.session.is_pending = false;
        *out = to;
    }
    secure_zero(message_key, sizeof message_key);
    secure_zero(&to, sizeof to);
    return e;
}
