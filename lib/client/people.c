/* people.c: see people.h: who somebody is to us. A row of BOOK_PEOPLE is what only we know of somebody. */
#include "client/people_inside.h"
#include "client/record.h"
#include "xmpp/ns.h"

enum { PERSON_RECORD_MAX = 64, ASKING_MAX = 1000 };

/* ---- Rows ------------------------------------------------------------------------------------------ */

uint32_t person_flags(const struct engine *c, struct str bare)
{
    struct reader r = reader_of(book_get(&c->book, BOOK_PEOPLE, bytes_of_str(bare)));

    return r.left.n > 0 ? read_u32(&r) : 0;
}

void person_change(struct engine *c, struct str bare, uint32_t set, uint32_t clear)
{
    uint32_t was = person_flags(c, bare), flags = (was & ~clear) | set;
    struct buf record;

    if (flags == was)
        return;
    if (flags == 0) {
        book_delete(&c->book, BOOK_PEOPLE, bytes_of_str(bare));
        return;
    }
    buf_init(&record, PERSON_RECORD_MAX);
    record_u32(&record, flags);
    book_put(&c->book, BOOK_PEOPLE, bytes_of_str(bare), buf_bytes(&record));
    buf_deinit(&record);
}

bool person_next(const struct engine *c, size_t *cursor, struct str *out_bare, uint32_t *out_flags)
{
    struct bytes key, value;
    struct reader r;

    if (!book_next(&c->book, BOOK_PEOPLE, cursor, &key, &value))
        return false;
    r = reader_of(value);
    *out_bare = str_of_bytes(key);
    *out_flags = read_u32(&r);
    return true;
}

/* ---- Who is who ------------------------------------------------------------------------------------ */

static bool is_of_our_server(const struct engine *c, struct str bare)
{
    size_t at = str_find(bare, '@');

    return str_eq(str_skip(bare, at < bare.n ? at + 1 : 0), c->config.jid.domain);
}

bool people_may_know(const struct engine *c, struct str bare)
{
    struct wish w = wish_of(c, bare);
    struct roster_row row;

    if (str_eq(bare, c->bare) || (w.wants & (WISH_APPROVE | WISH_PREAPPROVE)) != 0)
        return true;
    return (w.wants & (WISH_REMOVE | WISH_REFUSE)) == 0 && contacts_row(c, bare, &row)
           && ((row.contact.subscription & SUBSCRIPTION_FROM) != 0 || row.contact.approved);
}

bool people_is_chosen(const struct engine *c, struct str bare)
{
    struct roster_row row;

    return contacts_row(c, bare, &row) || (wish_of(c, bare).wants & WISH_LIST) != 0;
}

bool people_is_stranger(const struct engine *c, struct str bare)
{
    return !is_of_our_server(c, bare) && !people_is_chosen(c, bare)
           && (person_flags(c, bare) & PERSON_WROTE) == 0;
}

bool people_is_quiet(const struct engine *c, struct str bare)
{
    uint32_t flags = person_flags(c, bare);

    return !str_eq(bare, c->bare) && !people_is_chosen(c, bare)
           && ((flags & PERSON_WROTE) == 0 || (flags & PERSON_REFUSED) != 0);
}

void people_wrote(struct engine *c, struct str bare)
{
    if (!str_eq(bare, c->bare) && !people_is_chosen(c, bare))
        person_change(c, bare, PERSON_WROTE, 0);
    strangers_release(c, bare);
}

/* Before there were strangers nobody was one: whose keys we have met stays known. */
void people_load(struct engine *c)
{
    struct engine_key_info key;

    wishes_load(c);
    if (book_get(&c->book, BOOK_SELF, engine_key("people")).p != NULL)
        return;
    for (size_t cursor = 0; engine_next_key(c, &cursor, &key);)
        people_wrote(c, key.account);
    book_put(&c->book, BOOK_SELF, engine_key("people"), engine_key("1"));
}

/* At most `max` octets, in whole characters. */
struct str people_cut(struct str text, size_t max)
{
    if (text.n <= max)
        return text;
    while (max > 0 && ((unsigned char)text.p[max] & 0xc0) == 0x80)
        max--;
    return str_slice(text, 0, max);
}

/* ---- What they are told of ------------------------------------------------------------------------- */

void people_tell(struct engine *c, enum contact_change change, struct str bare, struct str text)
{
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACT,
                                           .change = change,
                                           .entry = { .author = bare, .chat = bare },
                                           .text = text });
}

struct str people_why(struct arena *a, const struct stanza *error)
{
    const struct xml_node *node = xml_child(error->node, STR(NS_CLIENT), STR("error"));
    const struct xml_node *condition = node ? xml_child_ns(node, STR(NS_STANZA_ERRORS)) : NULL;
    struct str text = node ? xml_child_text(a, node, STR(NS_STANZA_ERRORS), STR("text")) : STR_NONE;

    if (text.n > 0)
        return text;
    if (condition != NULL)
        return arena_printf(a, "The server refused it: %.*s.", STR_ARG(condition->name));
    return STR("The server refused it.");
}

/* ---- Subscriptions (RFC 6121 §3) ------------------------------------------------------------------- */

static size_t count_asking(const struct engine *c)
{
    struct str bare;
    uint32_t flags;
    size_t n = 0;

    for (size_t cursor = 0; person_next(c, &cursor, &bare, &flags);)
        n += (flags & PERSON_ASKS) != 0;
    return n;
}

/* The server asks again in every session until there is an answer, so one that finds no room comes back. */
static void asked_to_see_us(struct engine *c, struct str bare)
{
    uint32_t flags = person_flags(c, bare);
    struct wish w = wish_of(c, bare);

    if ((flags & PERSON_ASKS) != 0 || (w.wants & (WISH_APPROVE | WISH_REFUSE | WISH_REMOVE)) != 0)
        return;
    if ((flags & PERSON_EXPECTED) != 0) {
        person_change(c, bare, 0, PERSON_EXPECTED);
        w.wants |= WISH_APPROVE;
        wish_decide(c, &w);
    } else if (count_asking(c) < ASKING_MAX) {
        person_change(c, bare, PERSON_ASKS, 0);
        people_tell(c, CONTACT_ASKS, bare, STR_NONE);
    }
}

void people_subscription(struct engine *c, const struct stanza *presence)
{
    struct arena a = { 0 };
    struct str bare = jid_bare_text(&a, &presence->from);
    struct wish w = wish_of(c, bare);

    if (presence->type == PRESENCE_SUBSCRIBE)
        asked_to_see_us(c, bare);
    else if (presence->type == PRESENCE_UNSUBSCRIBE) /* they do not ask any more */
        person_change(c, bare, 0, PERSON_ASKS);
    else if (presence->type == PRESENCE_ERROR && (w.wants & WISH_SUBSCRIBE) != 0)
        people_tell(c, CONTACT_FAILED, bare, people_why(&a, presence));
    arena_deinit(&a);
}
