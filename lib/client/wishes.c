/* wishes.c: what the person decided about people, on its way to the server.
 *
 * A row holds what is wanted of one person, not how it came to that: who adds, renames and removes somebody without a connection
 * leaves one wish. Each bit of it goes out once in a session, is taken off when the server has answered it, and goes out again in
 * the next session otherwise; doing any of it twice does no harm.
 */
#include "client/wishes.h"

#include "client/people_inside.h"
#include "client/record.h"
#include "xmpp/ns.h"

enum { WISH_RECORD_MAX = 8 * 1024, ON_WAY_MAX = 100, TAG_BIT_OCTETS = 8 };

/* The others are presence, acknowledged by XEP-0198. */
#define QUESTIONS (WISH_REMOVE | WISH_LIST | WISH_UNBLOCK | WISH_BLOCK)

/* ---- Rows ------------------------------------------------------------------------------------------ */

static bool read_wish(struct bytes key, struct bytes value, struct wish *out)
{
    struct reader r = reader_of(value);

    *out = (struct wish){ .jid = str_of_bytes(key) };
    out->wants = read_u32(&r);
    out->number = read_u64(&r);
    out->name = read_text(&r);
    out->token = read_text(&r);
    if (r.left.n > 0) {
        out->reason = read_u8(&r);
        out->evidence = read_field(&r);
    }
    return reader_done(&r);
}

struct wish wish_of(const struct engine *c, struct str jid)
{
    struct bytes value = book_get(&c->book, BOOK_WISH, bytes_of_str(jid));
    struct wish w;

    if (value.p != NULL && read_wish(bytes_of_str(jid), value, &w))
        return w;
    return (struct wish){ .jid = jid };
}

bool wish_next(const struct engine *c, size_t *cursor, struct wish *out)
{
    struct bytes key, value;

    while (book_next(&c->book, BOOK_WISH, cursor, &key, &value))
        if (read_wish(key, value, out))
            return true;
    return false;
}

static void keep(struct engine *c, const struct wish *w)
{
    struct buf record;

    if (w->wants == 0) {
        book_delete(&c->book, BOOK_WISH, bytes_of_str(w->jid));
        return;
    }
    buf_init(&record, WISH_RECORD_MAX);
    record_u32(&record, w->wants);
    record_u64(&record, w->number);
    record_text(&record, w->name);
    record_text(&record, w->token);
    record_u8(&record, w->reason);
    record_bytes(&record, w->evidence);
    book_put(&c->book, BOOK_WISH, bytes_of_str(w->jid), buf_bytes(&record));
    buf_deinit(&record);
}

void wish_decide(struct engine *c, const struct wish *w)
{
    struct wish decided = *w;

    decided.number = ++c->people.decisions;
    keep(c, &decided);
}

void wishes_load(struct engine *c)
{
    struct wish w;

    for (size_t cursor = 0; wish_next(c, &cursor, &w);)
        if (w.number > c->people.decisions)
            c->people.decisions = w.number;
}

/* ---- On its way ------------------------------------------------------------------------------------ */

static struct str way_key(struct arena *a, uint64_t number, unsigned bit)
{
    return arena_printf(a, "%llu %u", (unsigned long long)number, bit);
}

/* The wish as it is now, of which this bit is done, whatever that means. False: the person wants something else meanwhile. */
static bool end_bit(struct engine *c, struct str jid, uint64_t number, uint32_t bits)
{
    struct wish w = wish_of(c, jid);
    struct arena a = { 0 };
    bool same = w.number == number && (w.wants & bits) != 0;

    if (same) {
        w.jid = arena_str(&a, w.jid); /* the row goes */
        w.name = arena_str(&a, w.name);
        w.token = arena_str(&a, w.token);
        w.evidence = arena_bytes(&a, w.evidence);
        w.wants &= ~bits;
        keep(c, &w);
        engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACTS });
    }
    arena_deinit(&a);
    return same;
}

struct question {
    struct str jid;
    uint64_t number;
    unsigned bit;
};

static bool is_missing(const struct stanza *answer)
{
    const struct xml_node *error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));

    return error != NULL && xml_child(error, STR(NS_STANZA_ERRORS), STR("item-not-found")) != NULL;
}

static void answered(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct question *q = r->context;
    uint32_t bit = 1u << q->bit;
    bool refused;
    struct arena a = { 0 };

    if (answer == NULL)
        return; /* the next session asks again */
    c->people.on_way -= c->people.on_way > 0;
    refused = answer->type == IQ_ERROR && !(bit == WISH_REMOVE && is_missing(answer));
    if (refused && bit == WISH_LIST) /* who cannot be added is not asked either */
        bit |= WISH_SUBSCRIBE | WISH_PREAPPROVE;
    if (end_bit(c, q->jid, q->number, bit) && refused)
        people_tell(c, CONTACT_FAILED, q->jid, people_why(&a, answer));
    wishes_work(c);
    arena_deinit(&a);
}

static struct xml_node *roster_change(const struct engine *c, struct arena *a, const struct wish *w,
                                      uint32_t bit)
{
    struct xml_node *query = xml_new(a, STR(NS_ROSTER), STR("query"));
    struct xml_node *item = xml_add(a, query, STR(NS_ROSTER), STR("item"));
    struct roster_row row;
    struct reader r;

    xml_set(a, item, STR("jid"), w->jid);
    if (bit == WISH_REMOVE) {
        xml_set(a, item, STR("subscription"), STR("remove"));
        return query;
    }
    if (w->name.n > 0)
        xml_set(a, item, STR("name"), w->name);
    if (!contacts_row(c, w->jid, &row))
        return query;
    r = reader_of(row.groups); /* what we leave out would be gone */
    while (r.left.n > 0 && !r.failed)
        xml_add_text_child(a, item, STR(NS_ROSTER), STR("group"), read_text(&r));
    return query;
}

static void ask(struct engine *c, struct arena *a, const struct wish *w, unsigned bit)
{
    struct request *r = request_new(c, answered);
    struct question *q = ARENA_NEW(&r->arena, struct question);
    bool is_block = (1u << bit & (WISH_BLOCK | WISH_UNBLOCK)) != 0;

    q->jid = arena_str(&r->arena, w->jid);
    q->number = w->number;
    q->bit = bit;
    r->context = q;
    request_send(c, r, "set", NULL,
                 is_block ? blocks_change(c, a, w, 1u << bit == WISH_BLOCK)
                          : roster_change(c, a, w, 1u << bit));
}

static void announce(struct engine *c, struct arena *a, const struct wish *w, unsigned bit)
{
    const char *type = 1u << bit == WISH_SUBSCRIBE ? "subscribe"
                       : 1u << bit == WISH_REFUSE  ? "unsubscribed"
                                                   : "subscribed";
    struct xml_node *p = stanza_new(a, STANZA_PRESENCE, type, STR_NONE, w->jid, STR_NONE);

    if (1u << bit == WISH_SUBSCRIBE && w->token.n > 0)
        xml_set(a, xml_add(a, p, STR(NS_PARS), STR("preauth")), STR("token"), w->token);
    engine_send(c, p, WISH_TAG | w->number << TAG_BIT_OCTETS | bit);
}

/* RFC 6121 §2.3, §3.1.1: who is to be asked is in the list first; so presence waits for what the server says of that. */
static void send_wish(struct engine *c, struct arena *a, const struct wish *w)
{
    for (unsigned bit = 0; bit < WISH_BITS && c->people.on_way < ON_WAY_MAX; bit++) {
        uint32_t mask = 1u << bit;
        struct str key = way_key(a, w->number, bit);

        if ((w->wants & mask) == 0 || engine_noted(&c->people.sent, key)
            || ((mask & QUESTIONS) == 0 && (w->wants & QUESTIONS) != 0))
            continue;
        engine_note(&c->people.sent, key);
        c->people.on_way++;
        if ((mask & QUESTIONS) != 0)
            ask(c, a, w, bit);
        else
            announce(c, a, w, bit);
    }
}

/* What a server that grants nothing beforehand is not told (RFC 6121 §3.4.1): we grant it ourselves when they ask. */
static bool drop_preapproval(struct engine *c)
{
    struct wish w;

    for (size_t cursor = 0; !c->people.preapproval && wish_next(c, &cursor, &w);)
        if ((w.wants & WISH_PREAPPROVE) != 0)
            return end_bit(c, w.jid, w.number, WISH_PREAPPROVE);
    return false;
}

void wishes_work(struct engine *c)
{
    struct arena a = { 0 };
    struct wish w;

    if (c->line.state != LINE_ONLINE || book_count(&c->book, BOOK_WISH) == 0)
        return;
    while (drop_preapproval(c)) {
    }
    for (size_t cursor = 0; c->people.on_way < ON_WAY_MAX && wish_next(c, &cursor, &w);)
        send_wish(c, &a, &w);
    arena_deinit(&a);
}

void wishes_online(struct engine *c)
{
    const struct xml_node *features = c->line.login.result.features;

    c->people.preapproval =
        features != NULL && xml_child(features, STR(NS_PREAPPROVAL), STR("sub")) != NULL;
    engine_forget_notes(&c->people.sent);
    c->people.on_way = 0;
    wishes_work(c);
}

void wishes_acked(struct engine *c, uint64_t tag)
{
    uint64_t number = (tag & ~WISH_TAG) >> TAG_BIT_OCTETS;
    struct wish w;

    c->people.on_way -= c->people.on_way > 0;
    for (size_t cursor = 0; wish_next(c, &cursor, &w);)
        if (w.number == number) {
            (void)end_bit(c, w.jid, number, 1u << (tag & 0xff));
            break;
        }
    wishes_work(c);
}

void wishes_unsent(struct engine *c, uint64_t tag)
{
    struct arena a = { 0 };

    c->people.on_way -= c->people.on_way > 0;
    (void)map_remove(&c->people.sent.map,
                     way_key(&a, (tag & ~WISH_TAG) >> TAG_BIT_OCTETS, (unsigned)(tag & 0xff)));
    arena_deinit(&a);
}
