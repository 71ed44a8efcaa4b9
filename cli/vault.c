/* vault.c: see vault.h.
 *
 * A record is: format, lock, salt, passes, memory, nonce, master key sealed with all before it as associated data.
 */
#include "cli/vault.h"

#include <string.h>

#include "client/record.h"
#include "crypto/blake2b.h"
#include "crypto/cipher.h"
#include "crypto/kdf.h"

enum {
    FORMAT = 1,
    WRAPPED = VAULT_KEY + XCHACHA_TAG_SIZE,
};

struct wrap {
    enum vault_lock lock;
    uint8_t salt[ARGON2_SALT_SIZE], nonce[XCHACHA_NONCE_SIZE];
    struct argon2_cost cost;
};

/* ---- Records ------------------------------------------------------------------------------------- */

static void write_head(struct buf *out, const struct wrap *w)
{
    record_u8(out, FORMAT);
    record_u8(out, (uint8_t)w->lock);
    buf_add_bytes(out, bytes_of(w->salt, sizeof w->salt));
    record_u32(out, w->cost.passes);
    record_u32(out, w->cost.memory_kib);
    buf_add_bytes(out, bytes_of(w->nonce, sizeof w->nonce));
}

static enum err read_head(struct reader *r, struct wrap *out)
{
    struct bytes salt, nonce;

    if (read_u8(r) != FORMAT)
        return ERR_UNSUPPORTED;
    out->lock = read_u8(r);
    salt = read_bytes(r, sizeof out->salt);
    out->cost.passes = read_u32(r);
    out->cost.memory_kib = read_u32(r);
    nonce = read_bytes(r, sizeof out->nonce);
    if (r->failed || out->lock < VAULT_PASSPHRASE || out->lock > VAULT_KEYRING
        || !argon2_cost_allowed(out->cost))
        return ERR_MALFORMED;
    memcpy(out->salt, salt.p, salt.n);
    memcpy(out->nonce, nonce.p, nonce.n);
    return ERR_NONE;
}

/* ---- Keys ---------------------------------------------------------------------------------------- */

static enum err wrapping_key(const struct wrap *w, struct bytes secret, uint8_t out[VAULT_KEY])
{
    struct bytes salt = bytes_of(w->salt, sizeof w->salt);

    switch (w->lock) {
    case VAULT_PASSPHRASE: return argon2id(secret, w->salt, w->cost, out, VAULT_KEY);
    case VAULT_KEY_FILE: hkdf(salt, secret, STR("sotto store key file"), out, VAULT_KEY); break;
    case VAULT_KEYRING: hkdf(salt, secret, STR("sotto store keyring"), out, VAULT_KEY); break;
    }
    return ERR_NONE;
}

static void derive(struct vault *v)
{
    struct bytes none = { NULL, 0 }, key = bytes_of(v->master, VAULT_KEY);

    hkdf(none, key, STR("sotto store values"), v->values, VAULT_KEY);
    hkdf(none, key, STR("sotto store lookups"), v->lookups, VAULT_KEY);
}

void vault_make(struct vault *v, const struct random *random)
{
    random_fill(random, v->master, sizeof v->master);
    derive(v);
}

enum err vault_wrap(const struct vault *v, enum vault_lock lock, struct bytes secret,
                    const struct random *random, struct buf *out)
{
    struct wrap w = { .lock = lock, .cost = ARGON2_STRONG };
    uint8_t key[VAULT_KEY], wrapped[WRAPPED];
    enum err e;

    random_fill(random, w.salt, sizeof w.salt);
    random_fill(random, w.nonce, sizeof w.nonce);
    if ((e = wrapping_key(&w, secret, key)) != ERR_NONE)
        return e;
    write_head(out, &w);
    xchacha_seal(key, w.nonce, buf_bytes(out), bytes_of(v->master, sizeof v->master), wrapped);
    buf_add_bytes(out, bytes_of(wrapped, sizeof wrapped));
    secure_zero(key, sizeof key);
    return ERR_NONE;
}

enum err vault_open(struct vault *v, struct bytes record, struct bytes secret)
{
    struct reader r = reader_of(record);
    uint8_t key[VAULT_KEY];
    struct bytes head;
    struct wrap w;
    enum err e;

    if ((e = read_head(&r, &w)) != ERR_NONE)
        return e;
    if (r.left.n != WRAPPED)
        return ERR_MALFORMED;
    head = bytes_of(record.p, record.n - WRAPPED);
    if ((e = wrapping_key(&w, secret, key)) != ERR_NONE)
        return e;
    if ((e = xchacha_open(key, w.nonce, head, r.left, v->master)) == ERR_NONE)
        derive(v);
    secure_zero(key, sizeof key);
    return e;
}

enum err vault_lock_of(struct bytes record, enum vault_lock *out)
{
    struct reader r = reader_of(record);
    struct wrap w;
    enum err e = read_head(&r, &w);

    if (e == ERR_NONE)
        *out = w.lock;
    return e;
}

unsigned vault_memory_mib(struct bytes record)
{
    struct reader r = reader_of(record);
    struct wrap w;

    return read_head(&r, &w) == ERR_NONE ? w.cost.memory_kib / 1024 : 0;
}

void vault_close(struct vault *v)
{
    secure_zero(v, sizeof *v);
}

/* ---- Rows ---------------------------------------------------------------------------------------- */

void vault_lookup(const struct vault *v, uint8_t table, struct bytes key, uint8_t out[VAULT_LOOKUP])
{
    struct arena a = { 0 };
    uint8_t *in = (uint8_t *)arena_raw(&a, key.n + 1);

    in[0] = table;
    if (key.n > 0)
        memcpy(in + 1, key.p, key.n);
    blake2b(bytes_of(v->lookups, VAULT_KEY), bytes_of(in, key.n + 1), out, VAULT_LOOKUP);
    secure_zero(in, key.n + 1);
    arena_deinit(&a);
}

/* Associated data: format, table, place. */
static struct bytes context(struct arena *a, uint8_t table, struct bytes place)
{
    uint8_t *out = (uint8_t *)arena_raw(a, place.n + 2);

    out[0] = FORMAT;
    out[1] = table;
    if (place.n > 0)
        memcpy(out + 2, place.p, place.n);
    return bytes_of(out, place.n + 2);
}

struct bytes vault_seal(const uint8_t key[VAULT_KEY], const struct random *random, struct arena *a,
                        uint8_t table, struct bytes place, struct bytes plain)
{
    size_t n = XCHACHA_NONCE_SIZE + plain.n + XCHACHA_TAG_SIZE;
    uint8_t *out = (uint8_t *)arena_raw(a, n);

    random_fill(random, out, XCHACHA_NONCE_SIZE);
    xchacha_seal(key, out, context(a, table, place), plain, out + XCHACHA_NONCE_SIZE);
    return bytes_of(out, n);
}

enum err vault_unseal(const uint8_t key[VAULT_KEY], struct arena *a, uint8_t table,
                      struct bytes place, struct bytes sealed, struct bytes *out)
{
    size_t overhead = XCHACHA_NONCE_SIZE + XCHACHA_TAG_SIZE;
    uint8_t *plain;
    enum err e;

    if (sealed.n < overhead)
        return ERR_DENIED;
    plain = (uint8_t *)arena_raw(a, sealed.n - overhead);
    e = xchacha_open(key, sealed.p, context(a, table, place),
                     bytes_of(sealed.p + XCHACHA_NONCE_SIZE, sealed.n - XCHACHA_NONCE_SIZE), plain);
    if (e == ERR_NONE)
        *out = bytes_of(plain, sealed.n - overhead);
    return e;
}
