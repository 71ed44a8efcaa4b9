/* trust_book.c: see trust_book.h, and the part of engine.h that is about keys. */
#include "client/trust_book.h"

#include <string.h>

#include "base/encode.h"
#include "client/record.h"

enum { RECORD_MAX = 32 };

static struct bytes row_key(struct arena *a, struct str bare, const uint8_t curve[OMEMO_KEY])
{
    return bytes_of_str(arena_printf(a, "%.*s %.*s", STR_ARG(bare),
                                     STR_ARG(hex_text(a, bytes_of(curve, OMEMO_KEY)))));
}

static void keep(struct engine *c, const struct engine_key_info *k)
{
    struct arena a = { 0 };
    struct buf record;

    buf_init(&record, RECORD_MAX);
    record_u8(&record, (uint8_t)k->trust);
    record_u32(&record, k->device);
    record_u64(&record, k->met_ms);
    book_put(&c->book, BOOK_TRUST, row_key(&a, k->account, k->curve), buf_bytes(&record));
    buf_deinit(&record);
    arena_deinit(&a);
}

static bool read_row(struct bytes key, struct bytes value, struct engine_key_info *out)
{
    struct str text = str_of_bytes(key), account = str_split(&text, ' ');
    struct reader r = reader_of(value);
    struct arena a = { 0 };
    struct bytes curve;
    bool ok = hex_read(&a, text, &curve) == ERR_NONE && curve.n == OMEMO_KEY;

    *out = (struct engine_key_info){ .account = account };
    if (ok)
        memcpy(out->curve, curve.p, OMEMO_KEY);
    out->trust = read_u8(&r);
    out->device = read_u32(&r);
    out->met_ms = read_u64(&r);
    arena_deinit(&a);
    return ok && reader_done(&r) && out->trust <= TRUST_DISTRUSTED;
}

bool engine_next_key(const struct engine *c, size_t *cursor, struct engine_key_info *out)
{
    struct bytes key, value;

    while (book_next(&c->book, BOOK_TRUST, cursor, &key, &value))
        if (read_row(key, value, out))
            return true;
    return false;
}

static bool has_verified(const struct engine *c, struct str bare)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (k.trust == TRUST_VERIFIED && str_eq(k.account, bare))
            return true;
    return false;
}

void trust_met(struct engine *c, struct str bare, uint32_t device, const struct identity_key *key)
{
    struct trust_account account = { .has_verified = has_verified(c, bare) };
    struct engine_key_info k = { .account = bare, .device = device, .met_ms = c->now_ms };
    struct engine_event e = { .kind = ENGINE_DEVICE };
    enum trust_event what;
    struct arena a = { 0 };

    if (book_get(&c->book, BOOK_TRUST, row_key(&a, bare, key->curve)).p == NULL) {
        k.trust = trust_of_new_key(&account, &what);
        memcpy(k.curve, key->curve, OMEMO_KEY);
        keep(c, &k);
        e.entry.author = e.entry.chat = bare;
        e.entry.device = device;
        e.entry.time_ms = c->now_ms;
        e.on = what == TRUST_EVENT_NEEDS_APPROVAL;
        e.text = identity_fingerprint(&a, key);
        engine_tell(c, &e);
    }
    arena_deinit(&a);
}

enum trust trust_of(const struct engine *c, struct str bare, const struct identity_key *key)
{
    struct arena a = { 0 };
    struct bytes row_name = row_key(&a, bare, key->curve);
    struct bytes row = book_get(&c->book, BOOK_TRUST, row_name);
    struct engine_key_info k;
    enum trust t = row.p != NULL && read_row(row_name, row, &k) ? k.trust : TRUST_UNDECIDED;

    arena_deinit(&a);
    return t;
}

enum entry_trust trust_shown(enum trust t)
{
    return t == TRUST_VERIFIED  ? ENTRY_TRUST_VERIFIED
           : t == TRUST_TRUSTED ? ENTRY_TRUST_TRUSTED
                                : ENTRY_TRUST_UNDECIDED;
}

/* The key as people compare it: hexadecimal digits, in groups or not, in either case. */
static struct str digits_of(struct arena *a, struct str fingerprint)
{
    char *out = arena_raw(a, fingerprint.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < fingerprint.n; i++) {
        char c = fingerprint.p[i];

        if (c != ' ' && c != ':')
            out[n++] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct str){ out, n };
}

enum err engine_decide(struct engine *c, struct str account, struct str fingerprint,
                       enum trust_action action)
{
    struct arena a = { 0 };
    struct bytes curve, row, name;
    struct engine_key_info k;
    enum err e = ERR_MALFORMED;

    if (hex_read(&a, digits_of(&a, fingerprint), &curve) != ERR_NONE || curve.n != OMEMO_KEY)
        goto done;
    e = ERR_MISSING;
    name = row_key(&a, account, curve.p);
    row = book_get(&c->book, BOOK_TRUST, name);
    if (row.p == NULL || !read_row(name, row, &k))
        goto done;
    e = ERR_NONE;
    k.trust = trust_after(k.trust, action);
    keep(c, &k);
    outbox_work(c);
    engine_end_round(c);
done:
    arena_deinit(&a);
    return e;
}
