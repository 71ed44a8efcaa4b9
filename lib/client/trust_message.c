/* trust_message.c: see trust_message.h. A row of BOOK_TOLD is what waits: its key says who speaks (account, key) of whom (account, id
 * of a key), its value when, and what.
 */
#include "client/trust_message.h"

#include <string.h>

#include "base/encode.h"
#include "client/outbox.h"
#include "client/record.h"
#include "client/trust_book.h"
#include "omemo/sce.h"
#include "xmpp/ns.h"

enum { ROW_KEY_MAX = 8192, ROW_VALUE = 9, AHEAD_MAX_MS = SCE_LATE_MS };

/* ---- Out ----------------------------------------------------------------------------------------- */

static struct xml_node *message_new(struct arena *a)
{
    struct xml_node *n = xml_new(a, STR(NS_TRUST_MESSAGE), STR("trust-message"));

    xml_set(a, n, STR("usage"), STR(NS_ATM));
    xml_set(a, n, STR("encryption"), STR(NS_OMEMO));
    return n;
}

static struct xml_node *owner_of(struct arena *a, struct xml_node *message, struct str account)
{
    struct xml_node *owner;

    for (owner = xml_first_element(message); owner != NULL; owner = xml_next_element(owner))
        if (str_eq(xml_get(owner, STR("jid")), account))
            return owner;
    owner = xml_add(a, message, STR(NS_TRUST_MESSAGE), STR("key-owner"));
    xml_set(a, owner, STR("jid"), account);
    return owner;
}

/* The form that people compare identifies a key (XEP-0384 §8). */
static void say(struct arena *a, struct xml_node *message, const struct engine_key_info *k)
{
    xml_add_text_child(a, owner_of(a, message, k->account), STR(NS_TRUST_MESSAGE),
                       k->trust == TRUST_DISTRUSTED ? STR("distrust") : STR("trust"),
                       base64_text(a, bytes_of(k->curve, OMEMO_KEY)));
}

static void send(struct engine *c, struct str to, uint32_t only, struct xml_node *message)
{
    struct arena a = { 0 };
    struct outgoing o = { .only = only, .content = sce_content(&a) };
    struct str id;

    xml_append((struct xml_node *)o.content, xml_copy(&a, message));
    if (xml_first_element(message) != NULL && jid_parse(&a, to, &o.to) == ERR_NONE)
        (void)!outbox_add(c, &a, &o, &id);
    arena_deinit(&a);
}

static bool is_same(const struct engine_key_info *a, const struct engine_key_info *b)
{
    return str_eq(a->account, b->account) && memcmp(a->curve, b->curve, OMEMO_KEY) == 0;
}

/* Authentic keys, of `account` or of everybody (empty), but for `k` itself. */
static void say_all(struct engine *c, struct arena *a, struct xml_node *message, struct str account,
                    const struct engine_key_info *k)
{
    struct engine_key_info each;
    size_t n = 0;

    for (size_t cursor = 0; n < TRUST_MESSAGE_KEYS_MAX && engine_next_key(c, &cursor, &each);)
        if (trust_is_authentic(&each) && !is_same(&each, k)
            && (account.n == 0 || str_eq(each.account, account))) {
            say(a, message, &each);
            n++;
        }
}

/* XEP-0450 §4.2, §4.3: others learn of a key of ours, too. */
static void send_to_contacts(struct engine *c, struct arena *a, struct xml_node *message)
{
    struct xml_node *told = message_new(a);
    struct engine_key_info each;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &each);)
        if (trust_is_authentic(&each) && !str_eq(each.account, c->bare))
            (void)owner_of(a, told, each.account);
    for (const struct xml_node *n = xml_first_element(told); n != NULL; n = xml_next_element(n))
        send(c, xml_get(n, STR("jid")), OUTBOX_AUTHENTIC, message);
}

void trust_message_decided(struct engine *c, const struct engine_key_info *k)
{
    bool own = str_eq(k->account, c->bare);
    struct arena a = { 0 };
    struct xml_node *message = message_new(&a), *back = message_new(&a);
    struct engine_key_info decided = *k;

    if (!trust_is_authentic(k) && k->trust != TRUST_DISTRUSTED)
        goto done;
    decided.account = arena_str(&a, k->account); /* what follows changes the book */
    say(&a, message, &decided);
    if (trust_is_authentic(&decided)) /* §4.1, §4.2: the other knows then what we know */
        say_all(c, &a, back, own ? STR_NONE : c->bare, &decided);
    send(c, c->bare, OUTBOX_AUTHENTIC, message);
    if (own)
        send_to_contacts(c, &a, message);
    send(c, decided.account, decided.device, back);
done:
    arena_deinit(&a);
}

/* ---- What waits ---------------------------------------------------------------------------------- */

struct told {
    struct str sender, owner; /* bare */
    struct bytes sender_key, id;
    uint64_t said_ms;
    bool trusts;
};

static struct bytes row_key(struct arena *a, const struct told *t)
{
    return bytes_of_str(arena_printf(a, "%.*s %.*s %.*s %.*s", STR_ARG(t->sender),
                                     STR_ARG(hex_text(a, t->sender_key)), STR_ARG(t->owner),
                                     STR_ARG(hex_text(a, t->id))));
}

static bool read_row(struct arena *a, struct bytes key, struct bytes value, struct told *out)
{
    struct str text = str_of_bytes(key);
    struct reader r = reader_of(value);
    bool ok;

    out->sender = str_split(&text, ' ');
    ok = hex_read(a, str_split(&text, ' '), &out->sender_key) == ERR_NONE;
    out->owner = str_split(&text, ' ');
    ok = ok && hex_read(a, text, &out->id) == ERR_NONE;
    out->said_ms = read_u64(&r);
    out->trusts = read_u8(&r) != 0;
    return ok && reader_done(&r) && out->sender_key.n == OMEMO_KEY && out->id.n == OMEMO_KEY;
}

/* Strangers of whom many speak shall not crowd out what our own devices say. */
static bool has_room(const struct engine *c, struct str sender)
{
    struct bytes key, value;
    size_t all = 0, theirs = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_TOLD, &cursor, &key, &value); all++) {
        struct str text = str_of_bytes(key);

        theirs += str_eq(str_split(&text, ' '), sender);
    }
    return all < TOLD_MAX && (str_eq(sender, c->bare) || theirs < TOLD_OF_ONE_MAX);
}

static bool is_from_authentic(const struct engine *c, const struct told *t)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (str_eq(k.account, t->sender) && memcmp(k.curve, t->sender_key.p, OMEMO_KEY) == 0)
            return trust_is_authentic(&k);
    return false;
}

/* What somebody said who may be anybody gives way to what counts. */
static bool make_room(struct engine *c)
{
    struct bytes key, value;
    bool made = false;

    for (size_t cursor = 0; !made && book_next(&c->book, BOOK_TOLD, &cursor, &key, &value);) {
        struct arena a = { 0 };
        struct told t;

        made = !read_row(&a, key, value, &t) || !is_from_authentic(c, &t);
        if (made)
            book_delete(&c->book, BOOK_TOLD, key);
        arena_deinit(&a);
    }
    return made;
}

static void keep(struct engine *c, const struct told *t)
{
    struct arena a = { 0 };
    struct bytes key = row_key(&a, t), before = book_get(&c->book, BOOK_TOLD, key);
    struct reader r = reader_of(before);
    uint8_t value[ROW_VALUE];

    record_put_u64(value, t->said_ms);
    value[8] = t->trusts;
    if (key.n <= ROW_KEY_MAX
        && (before.p != NULL ? read_u64(&r) < t->said_ms
                             : has_room(c, t->sender) || (is_from_authentic(c, t) && make_room(c))))
        book_put(&c->book, BOOK_TOLD, key, bytes_of(value, sizeof value));
    arena_deinit(&a);
}

/* Some programs name a key by the form that OMEMO 2 puts on the wire. */
static bool names(const struct told *t, const uint8_t curve[OMEMO_KEY])
{
    struct identity_key ed;

    return memcmp(t->id.p, curve, OMEMO_KEY) == 0
           || (identity_key_read(OMEMO_2, t->id.p, &ed) == ERR_NONE
               && memcmp(ed.curve, curve, OMEMO_KEY) == 0);
}

static bool find_key(const struct engine *c, const struct told *t, struct engine_key_info *out)
{
    for (size_t cursor = 0; engine_next_key(c, &cursor, out);)
        if (str_eq(out->account, t->owner) && names(t, out->curve))
            return true;
    return false;
}

static void hold(struct engine *c, const struct told *t, const struct engine_key_info *k)
{
    bool ours = str_eq(t->sender, c->bare);

    if (t->said_ms <= k->decided_ms || (k->trust == TRUST_DISTRUSTED && t->trusts && !ours))
        return;
    trust_told(c, k, t->trusts, t->said_ms);
}

/* True: something has changed that others may have waited for. */
static bool apply_one(struct engine *c)
{
    struct bytes key, value;

    for (size_t cursor = 0; book_next(&c->book, BOOK_TOLD, &cursor, &key, &value);) {
        struct engine_key_info k;
        struct arena a = { 0 };
        struct told t;
        bool good = read_row(&a, key, value, &t);
        bool due = good && is_from_authentic(c, &t) && find_key(c, &t, &k);

        if (due)
            hold(c, &t, &k);
        if (due || !good)
            book_delete(&c->book, BOOK_TOLD, key);
        arena_deinit(&a);
        if (due || !good)
            return true;
    }
    return false;
}

/* Each round ends a row, so it ends. */
void trust_message_apply(struct engine *c)
{
    while (book_count(&c->book, BOOK_TOLD) > 0 && apply_one(c))
        ;
}

/* ---- In ------------------------------------------------------------------------------------------ */

/* 32 octets, or with the 5 before them that Curve25519 keys of OMEMO 0.3 have. */
static bool read_id(struct arena *a, const struct xml_node *n, struct bytes *out)
{
    if (base64_read(a, str_trim(xml_text_of(a, n)), out) != ERR_NONE)
        return false;
    if (out->n == OMEMO_KEY + 1 && out->p[0] == 5)
        *out = bytes_of(out->p + 1, OMEMO_KEY);
    return out->n == OMEMO_KEY;
}

static void owner_came(struct engine *c, struct arena *a, struct told *t,
                       const struct xml_node *owner, size_t *count)
{
    struct jid jid;

    if (jid_parse(a, xml_get(owner, STR("jid")), &jid) != ERR_NONE || !jid_is_bare(&jid))
        return;
    t->owner = jid_text(a, &jid);
    if (!str_eq(t->sender, c->bare) && !str_eq(t->sender, t->owner))
        return;
    for (const struct xml_node *n = xml_first_element(owner); n != NULL; n = xml_next_element(n)) {
        t->trusts = xml_is(n, STR(NS_TRUST_MESSAGE), STR("trust"));
        if ((t->trusts || xml_is(n, STR(NS_TRUST_MESSAGE), STR("distrust")))
            && read_id(a, n, &t->id) && !names(t, c->identity->curve)
            && (*count)++ < TRUST_MESSAGE_KEYS_MAX)
            keep(c, t);
    }
}

/* A message without its author's time could come at any (XEP-0434 §4.2.1); one from far ahead would hold for ever. */
static bool counts(const struct engine *c, const struct arrival *m, const struct xml_node *node)
{
    return m->encryption == ENCRYPTION_OMEMO_2 && m->key != NULL && m->said_ms > 0
           && m->said_ms <= c->now_ms + AHEAD_MAX_MS && str_is(xml_get(node, STR("usage")), NS_ATM)
           && str_is(xml_get(node, STR("encryption")), NS_OMEMO);
}

bool trust_message_came(struct engine *c, const struct arrival *m, const struct xml_node *content)
{
    const struct xml_node *node = xml_child(content, STR(NS_TRUST_MESSAGE), STR("trust-message"));
    struct arena a = { 0 };
    struct told t = { .sender = m->author, .said_ms = m->said_ms };
    size_t count = 0;

    if (node == NULL)
        return false;
    if (counts(c, m, node)) {
        t.sender_key = bytes_of(m->key->curve, OMEMO_KEY);
        for (const struct xml_node *n = xml_first_element(node); n != NULL; n = xml_next_element(n))
            if (xml_is(n, STR(NS_TRUST_MESSAGE), STR("key-owner")))
                owner_came(c, &a, &t, n, &count);
        trust_message_apply(c);
    }
    arena_deinit(&a);
    return true;
}
