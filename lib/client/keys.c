/* keys.c: see keys.h. */
#include "client/keys.h"

#include <string.h>

#include "client/record.h"

/* A prekey's record: secret, public key; once it is used: when first, and the sessions that began with it. */
enum {
    KEY_RECORD = 2 * OMEMO_KEY,
    USED_RECORD = KEY_RECORD + 8,
    USED_RECORD_MAX = USED_RECORD + 32 * SESSION_ID,
    SIGNED_RECORD = 8 + KEY_RECORD,
    USED_KEPT_DAYS = 7,
    DAY_MS = 24 * 60 * 60 * 1000,
};

/* ---- Rows ------------------------------------------------------------------------------------------ */

struct octet_key {
    uint8_t octets[8];
    size_t n;
};

static struct octet_key prekey_key(enum omemo version, uint32_t id)
{
    struct octet_key k = { { (uint8_t)version }, 5 };

    record_put_u32(k.octets + 1, id);
    return k;
}

static struct octet_key signed_key(uint32_t id)
{
    struct octet_key k = { .n = 4 };

    record_put_u32(k.octets, id);
    return k;
}

static struct bytes view(const struct octet_key *k)
{
    return bytes_of(k->octets, k->n);
}

static void write_pair(uint8_t *out, const struct prekey *p)
{
    memcpy(out, p->secret, OMEMO_KEY);
    memcpy(out + OMEMO_KEY, p->public_key, OMEMO_KEY);
}

static void read_pair(const uint8_t *in, uint32_t id, struct prekey *out)
{
    out->id = id;
    memcpy(out->secret, in, OMEMO_KEY);
    memcpy(out->public_key, in + OMEMO_KEY, OMEMO_KEY);
}

static uint32_t recall_number(const struct engine *c, const char *name)
{
    struct reader r = reader_of(book_get(&c->book, BOOK_SELF, engine_key(name)));
    uint32_t value = read_u32(&r);

    return reader_done(&r) ? value : 0;
}

static void keep_number(struct engine *c, const char *name, uint32_t value)
{
    struct octet_key k = signed_key(value);

    book_put(&c->book, BOOK_SELF, engine_key(name), view(&k));
}

/* ---- Making ---------------------------------------------------------------------------------------- */

static void add_prekey(struct engine *c, enum omemo version)
{
    uint32_t id = prekey_next_id(recall_number(c, "last prekey"));
    uint8_t record[KEY_RECORD];
    struct octet_key key;
    struct prekey p;

    prekey_make(&p, id, &c->random);
    write_pair(record, &p);
    key = prekey_key(version, id);
    book_put(&c->book, BOOK_PREKEY, view(&key), bytes_of(record, sizeof record));
    keep_number(c, "last prekey", id);
    secure_zero(&p, sizeof p);
    secure_zero(record, sizeof record);
}

static void add_signed(struct engine *c)
{
    uint32_t id = prekey_next_id(recall_number(c, "signed prekey"));
    uint8_t record[SIGNED_RECORD];
    struct octet_key key = signed_key(id);
    struct prekey p;

    prekey_make(&p, id, &c->random);
    record_put_u64(record, c->now_ms);
    write_pair(record + 8, &p);
    book_put(&c->book, BOOK_SIGNED, view(&key), bytes_of(record, sizeof record));
    keep_number(c, "signed prekey", id);
    secure_zero(&p, sizeof p);
    secure_zero(record, sizeof record);
}

static uint64_t made_ms(const struct engine *c, uint32_t id)
{
    struct octet_key key = signed_key(id);
    struct reader r = reader_of(book_get(&c->book, BOOK_SIGNED, view(&key)));

    return read_u64(&r);
}

static void drop_old_signed(struct engine *c)
{
    uint32_t current = recall_number(c, "signed prekey");
    struct bytes key, value;

    for (size_t cursor = 0; book_next(&c->book, BOOK_SIGNED, &cursor, &key, &value);) {
        struct reader r = reader_of(key), at = reader_of(value);

        if (read_u32(&r) == current || !signed_prekey_is_expired(read_u64(&at), c->now_ms))
            continue;
        book_delete(&c->book, BOOK_SIGNED, key);
        cursor = 0; /* the table has changed */
    }
}

static void drop_used(struct engine *c)
{
    struct bytes key, value;

    for (size_t cursor = 0; book_next(&c->book, BOOK_PREKEY, &cursor, &key, &value);) {
        struct reader r = reader_of(value);

        (void)read_bytes(&r, KEY_RECORD);
        if (value.n == KEY_RECORD || read_u64(&r) + (uint64_t)USED_KEPT_DAYS * DAY_MS > c->now_ms)
            continue;
        book_delete(&c->book, BOOK_PREKEY, key);
        cursor = 0; /* the table has changed */
    }
}

static size_t count_prekeys(const struct engine *c, enum omemo version)
{
    struct bytes key, value;
    size_t n = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_PREKEY, &cursor, &key, &value);)
        n += key.p[0] == version && value.n == KEY_RECORD;
    return n;
}

void keys_adopt(struct engine *c, const struct identity *self)
{
    uint8_t record[4 + OMEMO_KEY];

    record_put_u32(record, self->device_id);
    memcpy(record + 4, self->seed, OMEMO_KEY);
    book_put(&c->book, BOOK_IDENTITY, engine_key("self"), bytes_of(record, sizeof record));
    secure_zero(record, sizeof record);
}

static void tend_identity(struct engine *c)
{
    struct bytes row = book_get(&c->book, BOOK_IDENTITY, engine_key("self"));
    struct reader r = reader_of(row);
    uint32_t id;

    if (row.n == 4 + OMEMO_KEY) {
        id = read_u32(&r);
        identity_init(c->identity, id, read_bytes(&r, OMEMO_KEY).p);
        return;
    }
    identity_make(c->identity, &c->random);
    keys_adopt(c, c->identity);
}

void keys_tend(struct engine *c)
{
    uint32_t current = recall_number(c, "signed prekey");

    tend_identity(c);
    if (current == 0 || signed_prekey_is_due(made_ms(c, current), c->now_ms)) {
        add_signed(c);
        for (int v = 0; v < OMEMO_VERSIONS; v++)
            keys_tell_all(c, (enum omemo)v);
    }
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        for (size_t n = count_prekeys(c, (enum omemo)v); n < PREKEY_COUNT; n++)
            add_prekey(c, (enum omemo)v);
}

void keys_drop_old(struct engine *c)
{
    drop_old_signed(c);
    drop_used(c);
}

/* ---- What the server knows of them ----------------------------------------------------------------- */

static const char *const untold_name[OMEMO_VERSIONS] = {
    [OMEMO_03] = "untold 0.3", [OMEMO_2] = "untold 2"
};

uint32_t keys_untold(const struct engine *c, enum omemo version)
{
    struct bytes row = book_get(&c->book, BOOK_SELF, engine_key(untold_name[version]));

    return row.p != NULL ? recall_number(c, untold_name[version]) : KEYS_UNTOLD_MAX;
}

void keys_tell_all(struct engine *c, enum omemo version)
{
    keep_number(c, untold_name[version], KEYS_UNTOLD_MAX);
}

void keys_told(struct engine *c, enum omemo version, uint32_t count)
{
    uint32_t untold = keys_untold(c, version);

    keep_number(c, untold_name[version], untold > count ? untold - count : 0);
}

/* ---- Using ----------------------------------------------------------------------------------------- */

enum err keys_prekey(const struct engine *c, enum omemo version, uint32_t id,
                     const uint8_t session[SESSION_ID], struct prekey *out)
{
    struct octet_key key = prekey_key(version, id);
    struct bytes row = book_get(&c->book, BOOK_PREKEY, view(&key));

    if (row.n < KEY_RECORD)
        return ERR_MISSING;
    for (size_t at = USED_RECORD; at + SESSION_ID <= row.n; at += SESSION_ID)
        if (memcmp(row.p + at, session, SESSION_ID) == 0)
            return ERR_EXISTS;
    read_pair(row.p, id, out);
    return ERR_NONE;
}

bool keys_signed(const struct engine *c, uint32_t id, struct prekey *out)
{
    struct octet_key key = signed_key(id);
    struct bytes row = book_get(&c->book, BOOK_SIGNED, view(&key));

    if (row.n != SIGNED_RECORD)
        return false;
    read_pair(row.p + 8, id, out);
    return true;
}

void keys_used(struct engine *c, enum omemo version, uint32_t id, const uint8_t session[SESSION_ID])
{
    struct octet_key key = prekey_key(version, id);
    struct bytes row = book_get(&c->book, BOOK_PREKEY, view(&key));
    bool first = row.n == KEY_RECORD;
    struct buf record;

    if (row.n < KEY_RECORD)
        return;
    buf_init(&record, USED_RECORD_MAX);
    buf_add_bytes(&record, row);
    if (first)
        record_u64(&record, c->now_ms);
    buf_add_bytes(&record, bytes_of(session, SESSION_ID));
    if (record.failed) /* so many take no key by chance */
        book_delete(&c->book, BOOK_PREKEY, view(&key));
    else
        book_put(&c->book, BOOK_PREKEY, view(&key), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    if (first) {
        add_prekey(c, version);
        keep_number(c, untold_name[version], keys_untold(c, version) + 1);
    }
}

struct bundle keys_bundle(const struct engine *c, struct arena *a, enum omemo version)
{
    struct bundle_prekey *list = arena_alloc(a, BUNDLE_PREKEYS_MAX * sizeof *list);
    struct bundle out = { 0 };
    struct prekey current = { 0 };
    struct bytes key, value;
    size_t n = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_PREKEY, &cursor, &key, &value);) {
        struct reader r = reader_of(bytes_of(key.p + 1, key.n - 1));

        if (key.p[0] != version || value.n != KEY_RECORD || n == BUNDLE_PREKEYS_MAX)
            continue;
        list[n].id = read_u32(&r);
        memcpy(list[n++].key, value.p + OMEMO_KEY, OMEMO_KEY);
    }
    (void)keys_signed(c, recall_number(c, "signed prekey"), &current); /* keys_tend() has made it */
    bundle_make(version, c->identity, &current, list, n, &out);
    secure_zero(&current, sizeof current);
    return out;
}

struct str engine_fingerprint(const struct engine *c, struct arena *a, uint32_t *out_device)
{
    struct identity_key key = identity_public(c->identity);

    *out_device = c->identity->device_id;
    return identity_fingerprint(a, &key);
}
