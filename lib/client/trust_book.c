/* trust_book.c: see trust_book.h, and the part of engine.h that is about keys. */
#include "client/trust_book.h"

#include <string.h>

#include "base/encode.h"
#include "client/devices.h"
#include "client/record.h"
#include "client/trust_message.h"

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
    record_u8(&record, k->linked);
    record_u64(&record, k->decided_ms);
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
    if (r.left.n > 0) { /* not in rows of before */
        out->linked = read_u8(&r) != 0;
        out->decided_ms = read_u64(&r);
    }
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

/* Into the chat with its owner, which for our own account is that with ourselves: whoever looks later finds it there. */
static void tell_of_device(struct engine *c, const struct engine_key_info *k, struct str text,
                           bool waits)
{
    struct arena a = { 0 };
    struct entry e = { .kind = ENTRY_DEVICE,
                       .trust = trust_shown(k->trust),
                       .time_ms = c->now_ms,
                       .device = k->device,
                       .chat = k->account,
                       .author = k->account,
                       .id = random_token(&c->random, &a, 15),
                       .text = text };

    engine_add_entry(c, &e);
    engine_tell(
        c, &(struct engine_event){ .kind = ENGINE_DEVICE, .entry = e, .on = waits, .text = text });
    arena_deinit(&a);
}

/* ---- Devices of ours that were sent away --------------------------------------------------------- */

static struct bytes unmet_key(struct arena *a, uint32_t device)
{
    return bytes_of_str(arena_printf(a, "sent away %u", device));
}

static bool is_unmet(const struct engine *c, uint32_t device)
{
    struct arena a = { 0 };
    bool found = book_get(&c->book, BOOK_SELF, unmet_key(&a, device)).p != NULL;

    arena_deinit(&a);
    return found;
}

void trust_refuse_unmet(struct engine *c, uint32_t device)
{
    struct arena a = { 0 };

    book_put(&c->book, BOOK_SELF, unmet_key(&a, device), bytes_of("1", 1));
    arena_deinit(&a);
}

bool trust_refuses(const struct engine *c, uint32_t device)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (k.device == device && k.trust == TRUST_DISTRUSTED && str_eq(k.account, c->bare))
            return true;
    return is_unmet(c, device);
}

/* Its key is refused as if it had been known when it was sent away, and the others are told now. */
static void refuse_met(struct engine *c, struct engine_key_info *k)
{
    struct arena a = { 0 };

    k->trust = TRUST_DISTRUSTED;
    k->decided_ms = c->now_ms;
    keep(c, k);
    book_delete(&c->book, BOOK_SELF, unmet_key(&a, k->device));
    trust_message_decided(c, k);
    arena_deinit(&a);
}

void trust_met(struct engine *c, struct str bare, uint32_t device, const struct identity_key *key)
{
    struct trust_account account = { .has_verified = has_verified(c, bare) };
    struct engine_key_info k = { .account = bare, .device = device, .met_ms = c->now_ms };
    enum trust_event what;
    struct arena a = { 0 };

    if (book_get(&c->book, BOOK_TRUST, row_key(&a, bare, key->curve)).p == NULL) {
        k.trust = trust_of_new_key(&account, &what);
        memcpy(k.curve, key->curve, OMEMO_KEY);
        if (str_eq(bare, c->bare) && is_unmet(c, device))
            refuse_met(c, &k);
        else
            keep(c, &k);
        tell_of_device(c, &k, identity_fingerprint(&a, key),
                       what == TRUST_EVENT_NEEDS_APPROVAL && k.trust != TRUST_DISTRUSTED);
        trust_message_apply(c);
    }
    arena_deinit(&a);
}

void trust_adopt(struct engine *c, const struct engine_key_info *k)
{
    struct arena a = { 0 };

    if (book_get(&c->book, BOOK_TRUST, row_key(&a, k->account, k->curve)).p == NULL)
        keep(c, k);
    arena_deinit(&a);
}

/* Of ours, as long as nothing was compared, it is as if it had been linked here: others that come are not asked about. */
void trust_told(struct engine *c, const struct engine_key_info *k, bool trusts, uint64_t said_ms)
{
    struct engine_event e = { .kind = ENGINE_TRUST, .on = trusts };
    struct engine_key_info told = *k;
    struct identity_key key = { .has_ed = false };
    struct arena a = { 0 };
    bool changes;

    told.account = arena_str(&a, k->account);
    told.decided_ms = said_ms;
    told.linked = trusts;
    told.trust =
        !trusts ? TRUST_DISTRUSTED
        : k->trust != TRUST_VERIFIED && str_eq(k->account, c->bare) && !has_verified(c, k->account)
            ? TRUST_TRUSTED
            : TRUST_VERIFIED;
    changes = told.trust != k->trust;
    keep(c, &told);
    memcpy(key.curve, told.curve, OMEMO_KEY);
    e.entry.author = e.entry.chat = told.account;
    e.entry.device = told.device;
    e.entry.time_ms = c->now_ms;
    e.text = identity_fingerprint(&a, &key);
    if (changes)
        engine_tell(c, &e);
    outbox_work(c);
    arena_deinit(&a);
}

bool trust_has_authentic(const struct engine *c, struct str bare, uint32_t device)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (k.device == device && str_eq(k.account, bare) && trust_is_authentic(&k))
            return true;
    return false;
}

static bool find(const struct engine *c, struct str bare, const struct identity_key *key,
                 struct engine_key_info *out)
{
    struct arena a = { 0 };
    struct bytes name = row_key(&a, bare, key->curve);
    struct bytes row = book_get(&c->book, BOOK_TRUST, name);
    bool found = row.p != NULL && read_row(name, row, out);

    out->account = bare;
    arena_deinit(&a);
    return found;
}

bool trust_key_is_authentic(const struct engine *c, struct str bare, const struct identity_key *key)
{
    struct engine_key_info k;

    return find(c, bare, key, &k) && trust_is_authentic(&k);
}

enum trust trust_of(const struct engine *c, struct str bare, const struct identity_key *key)
{
    struct engine_key_info k;

    return find(c, bare, key, &k) ? k.trust : TRUST_UNDECIDED;
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
    k.account = account; /* the row that it was a view of changes */
    k.trust = trust_after(k.trust, action);
    k.linked &= k.trust == TRUST_TRUSTED;
    k.decided_ms = c->now_ms;
    keep(c, &k);
    if (action == TRUST_VERIFY || action == TRUST_DISTRUST)
        trust_message_decided(c, &k);
    if (action == TRUST_DISTRUST && str_eq(account, c->bare))
        devices_sent_away(c);
    trust_message_apply(c);
    outbox_work(c);
    engine_end_round(c);
done:
    arena_deinit(&a);
    return e;
}
