/* compare.c: see compare.h. */
#include "client/compare.h"

#include <string.h>

#include "base/encode.h"
#include "client/devices.h"
#include "client/ours.h"
#include "client/trust_book.h"
#include "omemo/safety.h"

enum { CODE_MAX = 16 * 1024, CODE_KEYS_MAX = SAFETY_KEYS_MAX };

#define CODE_SCHEME "xmpp:"
#define CODE_DEVICE "omemo-sid-"

/* ---- Sides --------------------------------------------------------------------------------------- */

struct side {
    struct identity_key keys[SAFETY_KEYS_MAX];
    size_t count;
    bool waits;
};

static void add_key(struct side *s, const struct identity_key *key)
{
    for (size_t i = 0; i < s->count; i++)
        if (identity_same(&s->keys[i], key))
            return;
    if (s->count < SAFETY_KEYS_MAX)
        s->keys[s->count++] = *key;
}

/* A device whose key is known in one version may wait for the other: a key that differs there is met as a new one. */
static bool add_known(const struct engine *c, struct side *s, struct str bare, uint32_t device)
{
    struct remote r;
    bool any = false;

    for (int v = 0; v < OMEMO_VERSIONS; v++) {
        devices_remote(c, (enum omemo)v, bare, device, &r);
        if (r.is_known)
            add_key(s, &r.identity);
        any |= r.is_known;
    }
    secure_zero(&r, sizeof r);
    return any;
}

static void add_devices(struct engine *c, struct side *s, enum omemo version, const struct jid *who)
{
    struct arena a = { 0 };
    struct str bare = jid_text(&a, who);
    bool own = jid_same_account(who, &c->config.jid);
    const uint32_t *ids;
    size_t count = 0;

    if (!devices_of(c, &a, version, who, &ids, &count))
        s->waits = true;
    for (size_t i = 0; i < count; i++) {
        if ((own && ids[i] == c->identity->device_id) || add_known(c, s, bare, ids[i]))
            continue;
        if (devices_begin(c, version, who, ids[i]) == BUNDLE_ASKED)
            s->waits = true;
    }
    arena_deinit(&a);
}

static void side_of(struct engine *c, const struct jid *who, struct side *out)
{
    struct identity_key self = identity_public(c->identity);

    *out = (struct side){ 0 };
    if (jid_same_account(who, &c->config.jid))
        add_key(out, &self);
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        add_devices(c, out, (enum omemo)v, who);
}

/* ---- The number ---------------------------------------------------------------------------------- */

static void copy_keys(struct arena *a, const struct side *theirs, struct comparison *out)
{
    uint8_t(*keys)[OMEMO_KEY] = arena_alloc(a, theirs->count * sizeof *keys);

    for (size_t i = 0; i < theirs->count; i++)
        memcpy(keys[i], theirs->keys[i].curve, OMEMO_KEY);
    out->keys = (const uint8_t(*)[OMEMO_KEY])keys;
    out->count = theirs->count;
}

void engine_compare_anew(struct engine *c, const struct jid *who)
{
    devices_doubt(c, &c->config.jid);
    devices_doubt(c, who);
}

enum err engine_compare(struct engine *c, struct arena *a, const struct jid *who,
                        struct comparison *out)
{
    struct comparison found = { .state = COMPARE_READY };
    struct side ours, theirs;
    enum err e = ERR_NONE;

    side_of(c, &c->config.jid, &ours);
    side_of(c, who, &theirs);
    copy_keys(a, &theirs, &found);
    if (ours.waits || theirs.waits)
        found.state = COMPARE_WAITS;
    else if (theirs.count == 0)
        found.state = COMPARE_NOTHING;
    else
        e = safety_number(a, &(struct safety_side){ c->bare, ours.keys, ours.count },
                          &(struct safety_side){ jid_text(a, who), theirs.keys, theirs.count },
                          &found.number);
    if (e == ERR_NONE)
        *out = found;
    engine_end_round(c);
    return e;
}

static enum err verify(struct engine *c, struct str bare, const uint8_t key[OMEMO_KEY])
{
    struct arena a = { 0 };
    enum err e = engine_decide(c, bare, hex_text(&a, bytes_of(key, OMEMO_KEY)), TRUST_VERIFY);

    arena_deinit(&a);
    return e;
}

enum err engine_matched(struct engine *c, const struct jid *who, const struct comparison *seen)
{
    struct arena a = { 0 };
    struct comparison now = { 0 };
    struct str bare = jid_text(&a, who);
    enum err e = engine_compare(c, &a, who, &now);

    if (e == ERR_NONE
        && (seen->state != COMPARE_READY || now.state != COMPARE_READY
            || !str_eq(now.number, seen->number)))
        e = ERR_CONFLICT;
    for (size_t i = 0; i < now.count && e == ERR_NONE; i++)
        e = verify(c, bare, now.keys[i]);
    arena_deinit(&a);
    return e;
}

/* ---- Codes --------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@'
           || c == '-' || c == '.' || c == '_' || c == '~';
}

/* RFC 5122 §2.2: what may mean something in a URI is escaped. */
static void escape(struct buf *out, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = (uint8_t)text.p[i];

        if (is_plain((char)c)) {
            buf_add_char(out, (char)c);
            continue;
        }
        buf_add_char(out, '%');
        buf_add_char(out, digits[c >> 4]);
        buf_add_char(out, digits[c & 15]);
    }
}

static struct str lower_hex(struct arena *a, struct str text)
{
    char *out = arena_raw(a, text.n + 1);

    for (size_t i = 0; i < text.n; i++)
        out[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'F' ? text.p[i] + 'a' - 'A' : text.p[i]);
    return (struct str){ out, text.n };
}

static enum err unescape(struct arena *a, struct str text, struct str *out)
{
    char *octets = arena_raw(a, text.n + 1);
    struct bytes one;
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        octets[n++] = text.p[i];
        if (text.p[i] != '%')
            continue;
        if (hex_read(a, lower_hex(a, str_slice(text, i + 1, 2)), &one) != ERR_NONE || one.n != 1)
            return ERR_MALFORMED;
        octets[n - 1] = (char)one.p[0];
        i += 2;
    }
    *out = (struct str){ octets, n };
    return ERR_NONE;
}

static void add_device(struct buf *out, struct arena *a, char separator, uint32_t id,
                       const uint8_t key[OMEMO_KEY])
{
    buf_add_char(out, separator);
    buf_add(out, STR(CODE_DEVICE));
    buf_add_u64(out, id);
    buf_add_char(out, '=');
    buf_add(out, hex_text(a, bytes_of(key, OMEMO_KEY)));
}

/* Our other devices are vouched for only if they were compared. */
struct str engine_code(const struct engine *c, struct arena *a)
{
    struct engine_key_info k;
    struct buf out;
    struct str text;

    buf_init(&out, CODE_MAX);
    buf_add(&out, STR(CODE_SCHEME));
    escape(&out, c->bare);
    add_device(&out, a, '?', c->identity->device_id, c->identity->curve);
    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (str_eq(k.account, c->bare) && k.trust == TRUST_VERIFIED)
            add_device(&out, a, ';', k.device, k.curve);
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

struct code {
    const uint8_t *keys[CODE_KEYS_MAX];
    size_t count;
};

static enum err read_device(struct arena *a, struct str part, struct code *out)
{
    struct str id = str_split(&part, '=');
    struct bytes key;
    uint64_t number;

    if (!str_starts(id, STR(CODE_DEVICE)))
        return ERR_NONE; /* something else that others may add */
    if (str_to_u64(str_skip(id, sizeof CODE_DEVICE - 1), UINT32_MAX, &number) != ERR_NONE
        || hex_read(a, lower_hex(a, part), &key) != ERR_NONE || key.n != OMEMO_KEY
        || out->count == CODE_KEYS_MAX)
        return ERR_MALFORMED;
    out->keys[out->count++] = key.p;
    return ERR_NONE;
}

static enum err read_code(struct arena *a, const struct jid *who, struct str text, struct code *out)
{
    struct str query = str_trim(text), address = STR_NONE, plain;
    struct jid jid;
    enum err e = ERR_NONE;

    if (text.n > CODE_MAX || !str_starts(query, STR(CODE_SCHEME)))
        return ERR_MALFORMED;
    query = str_skip(query, sizeof CODE_SCHEME - 1);
    address = str_split(&query, '?');
    if (unescape(a, address, &plain) != ERR_NONE || jid_parse(a, plain, &jid) != ERR_NONE)
        return ERR_MALFORMED;
    while (query.p != NULL && e == ERR_NONE)
        e = read_device(a, str_split(&query, ';'), out);
    if (e != ERR_NONE || out->count == 0)
        return ERR_MALFORMED;
    return jid_same_account(&jid, who) ? ERR_NONE : ERR_CONFLICT;
}

static bool was_met(const struct engine *c, struct str bare, const uint8_t key[OMEMO_KEY])
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (str_eq(k.account, bare) && memcmp(k.curve, key, OMEMO_KEY) == 0)
            return true;
    return false;
}

enum err engine_scanned(struct engine *c, const struct jid *who, struct str code, size_t *out_count)
{
    struct arena a = { 0 };
    struct code read = { 0 };
    struct str bare = jid_text(&a, who);
    enum err e = read_code(&a, who, code, &read);

    for (size_t i = 0; i < read.count && e == ERR_NONE; i++)
        if (!was_met(c, bare, read.keys[i]))
            e = ERR_CONFLICT;
    for (size_t i = 0; i < read.count && e == ERR_NONE; i++)
        e = verify(c, bare, read.keys[i]);
    if (e == ERR_NONE)
        *out_count = read.count;
    arena_deinit(&a);
    return e;
}
