/* contacts.c: the roster (RFC 6121 §2), with versions, and what its changes mean to the person. */
#include "client/people_inside.h"
#include "client/record.h"
#include "xmpp/dataform.h"
#include "xmpp/ns.h"

enum {
    NAME_MAX = 1024,
    VERSION_MAX = 1024,
    CONTACTS_MAX = 20000,
    GROUPS_MAX = 8 * 1024,
    ROW_MAX = NAME_MAX + GROUPS_MAX + 64,
    BIT_ASKED = 1,
    BIT_APPROVED = 2,
};

/* ---- Rows ------------------------------------------------------------------------------------------ */

static const char *const subscriptions[] = { "none", "to", "from", "both" };

static enum subscription subscription_of(struct str text)
{
    for (int i = 0; i < (int)COUNT_OF(subscriptions); i++)
        if (str_is(text, subscriptions[i]))
            return (enum subscription)i;
    return SUBSCRIPTION_NONE;
}

static bool read_row(struct bytes key, struct bytes value, struct roster_row *out)
{
    struct reader r = reader_of(value);
    struct contact *contact = &out->contact;
    uint8_t bits;

    *contact = (struct contact){ .jid = str_of_bytes(key), .listed = true };
    contact->subscription = read_u8(&r) & 3;
    bits = read_u8(&r);
    contact->asked = (bits & BIT_ASKED) != 0;
    contact->approved = (bits & BIT_APPROVED) != 0;
    contact->name = read_text(&r);
    out->groups = r.left;
    return !r.failed;
}

bool contacts_row(const struct engine *c, struct str bare, struct roster_row *out)
{
    struct bytes value = book_get(&c->book, BOOK_CONTACT, bytes_of_str(bare));

    return value.p != NULL && read_row(bytes_of_str(bare), value, out);
}

static void keep(struct engine *c, const struct roster_row *row)
{
    const struct contact *contact = &row->contact;
    struct bytes key = bytes_of_str(contact->jid), had = book_get(&c->book, BOOK_CONTACT, key);
    struct buf value;

    if (had.p == NULL && book_count(&c->book, BOOK_CONTACT) >= CONTACTS_MAX)
        return;
    buf_init(&value, ROW_MAX);
    record_u8(&value, (uint8_t)contact->subscription);
    record_u8(&value,
              (uint8_t)((contact->asked ? BIT_ASKED : 0) | (contact->approved ? BIT_APPROVED : 0)));
    record_text(&value, contact->name);
    buf_add_bytes(&value, row->groups);
    if (!str_eq(str_of_bytes(had), buf_str(&value)))
        book_put(&c->book, BOOK_CONTACT, key, buf_bytes(&value));
    buf_deinit(&value);
}

/* ---- What a change means --------------------------------------------------------------------------- */

static void tell_change(struct engine *c, const struct contact *was, const struct contact *now)
{
    bool sees = (now->subscription & SUBSCRIPTION_TO) != 0;
    bool saw = (was->subscription & SUBSCRIPTION_TO) != 0;

    if (!was->listed)
        people_tell(c, CONTACT_ADDED, now->jid, now->name);
    else if (!str_eq(was->name, now->name))
        people_tell(c, CONTACT_RENAMED, now->jid, now->name);
    if (sees && !saw)
        people_tell(c, CONTACT_GRANTED, now->jid, now->name);
    if (!sees && was->listed && (saw || (was->asked && !now->asked)))
        people_tell(c, CONTACT_REFUSED, now->jid, now->name);
}

static void gone(struct engine *c, struct str jid)
{
    struct arena a = { 0 };

    jid = arena_str(&a, jid);
    book_delete(&c->book, BOOK_CONTACT, bytes_of_str(jid));
    there_forget_one(c, jid);
    people_tell(c, CONTACT_REMOVED, jid, STR_NONE);
    arena_deinit(&a);
}

/* Only what an earlier row is compared with makes news: a first list is none. */
static void changed(struct engine *c, const struct roster_row *row, bool news)
{
    struct arena a = { 0 };
    struct roster_row was = { 0 };

    (void)contacts_row(c, row->contact.jid, &was);
    was.contact.name = arena_str(&a, was.contact.name);
    keep(c, row);
    strangers_release(c, row->contact.jid); /* another device of ours has accepted them */
    if ((row->contact.subscription & SUBSCRIPTION_FROM)
        != 0) /* answered, be it by another device */
        person_change(c, row->contact.jid, 0, PERSON_ASKS | PERSON_EXPECTED);
    if ((row->contact.subscription & SUBSCRIPTION_TO) == 0)
        there_forget_one(c, row->contact.jid);
    if (news)
        tell_change(c, &was.contact, &row->contact);
    arena_deinit(&a);
}

/* ---- Items ----------------------------------------------------------------------------------------- */

static struct bytes read_groups(struct arena *a, const struct xml_node *item)
{
    struct bytes groups;
    struct buf b;

    buf_init(&b, GROUPS_MAX);
    for (const struct xml_node *g = xml_first_element(item); g != NULL; g = xml_next_element(g))
        if (xml_is(g, STR(NS_ROSTER), STR("group")))
            record_text(&b, xml_text_of(a, g));
    groups = b.failed ? (struct bytes){ NULL, 0 } : arena_bytes(a, buf_bytes(&b));
    buf_deinit(&b);
    return groups;
}

/* The row in the arena. False: not an item of a person. */
static bool read_item(struct arena *a, const struct xml_node *item, struct roster_row *out)
{
    struct contact *contact = &out->contact;
    struct jid jid;

    if (!xml_is(item, STR(NS_ROSTER), STR("item"))
        || jid_parse(a, xml_get(item, STR("jid")), &jid) != ERR_NONE || !jid_is_bare(&jid))
        return false;
    *out = (struct roster_row){ .groups = read_groups(a, item) };
    contact->jid = jid_text(a, &jid);
    contact->listed = !str_is(xml_get(item, STR("subscription")), "remove");
    contact->subscription = subscription_of(xml_get(item, STR("subscription")));
    contact->asked = str_is(xml_get(item, STR("ask")), "subscribe");
    contact->approved = dataform_bool(xml_get(item, STR("approved")), false);
    contact->name = people_cut(xml_get(item, STR("name")), NAME_MAX);
    return true;
}

static void item_came(struct engine *c, const struct xml_node *item, bool news, struct notes *seen)
{
    struct arena a = { 0 };
    struct roster_row row;

    if (read_item(&a, item, &row)) {
        if (row.contact.listed)
            changed(c, &row, news);
        else if (contacts_row(c, row.contact.jid, &(struct roster_row){ 0 }))
            gone(c, row.contact.jid);
        if (seen != NULL)
            engine_note(seen, row.contact.jid);
    }
    arena_deinit(&a);
}

static void keep_version(struct engine *c, const struct xml_node *query)
{
    struct str version = xml_get(query, STR("ver"));

    if (version.p != NULL && version.n <= VERSION_MAX)
        book_put(&c->book, BOOK_SELF, engine_key("roster"), bytes_of_str(version));
}

/* ---- The list -------------------------------------------------------------------------------------- */

/* The whole list was told: who is not in it is no contact any more. */
static void forget_others(struct engine *c, const struct notes *seen)
{
    struct arena a = { 0 };
    struct bytes key, value;
    struct str *others = arena_alloc(&a, book_count(&c->book, BOOK_CONTACT) * sizeof *others);
    size_t n = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_CONTACT, &cursor, &key, &value);)
        if (!engine_noted(seen, str_of_bytes(key)))
            others[n++] = str_of_bytes(key);
    for (size_t i = 0; i < n; i++)
        gone(c, others[i]);
    arena_deinit(&a);
}

/* Rows of versions before groups were kept lack them: the first list is asked for as a whole. */
static bool has_list(const struct engine *c)
{
    return book_get(&c->book, BOOK_SELF, engine_key("roster groups")).p != NULL;
}

static void roster_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *query;
    struct notes seen = { 0 };
    bool news = has_list(c);

    (void)r;
    if (answer == NULL || answer->type != IQ_RESULT)
        return;
    query = xml_child(answer->node, STR(NS_ROSTER), STR("query"));
    if (query == NULL) /* nothing has changed since our version (RFC 6121 §2.6.3) */
        return;
    map_init(&seen.map, c->people.present.seed);
    for (const struct xml_node *i = xml_first_element(query); i != NULL; i = xml_next_element(i))
        item_came(c, i, news, &seen);
    forget_others(c, &seen);
    map_deinit(&seen.map);
    arena_deinit(&seen.arena);
    keep_version(c, query);
    book_put(&c->book, BOOK_SELF, engine_key("roster groups"), engine_key("kept"));
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACTS });
}

bool contacts_pushed(struct engine *c, const struct stanza *iq)
{
    struct arena a = { 0 };

    if (iq->type != IQ_SET || iq->payload == NULL
        || !xml_is(iq->payload, STR(NS_ROSTER), STR("query")))
        return false;
    if (iq->has_from
        && !jid_eq(&iq->from, &c->config.jid)) /* RFC 6121 §2.1.6: only from our own account */
        return false;
    if (xml_first_element(iq->payload) != NULL)
        item_came(c, xml_first_element(iq->payload), true, NULL);
    keep_version(c, iq->payload);
    engine_send(c, stanza_result(&a, iq), 0);
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACTS });
    arena_deinit(&a);
    return true;
}

void contacts_online(struct engine *c)
{
    struct arena a = { 0 };
    struct xml_node *query = xml_new(&a, STR(NS_ROSTER), STR("query"));
    struct bytes version = book_get(&c->book, BOOK_SELF, engine_key("roster"));

    there_forget(c);
    xml_set(&a, query, STR("ver"), has_list(c) ? str_of_bytes(version) : STR_NONE);
    request_send(c, request_new(c, roster_came), "get", NULL, query);
    self_announce(c);
    blocks_online(c);
    wishes_online(c);
    arena_deinit(&a);
}

void contacts_presence(struct engine *c, const struct stanza *presence)
{
    if (!presence->has_from)
        return;
    if (stanza_is_subscription(presence) || presence->type == PRESENCE_ERROR)
        people_subscription(c, presence);
    if (presence->type == PRESENCE_AVAILABLE || presence->type == PRESENCE_UNAVAILABLE
        || presence->type == PRESENCE_ERROR)
        there_came(c, presence);
}

/* ---- For the person -------------------------------------------------------------------------------- */

/* As the server has it, and as the person has decided since. */
static bool is_shown(const struct engine *c, struct contact *contact)
{
    struct wish w = wish_of(c, contact->jid);

    if ((w.wants & WISH_LIST) != 0)
        contact->name = w.name;
    contact->listed |= (w.wants & WISH_LIST) != 0;
    contact->waiting = w.wants != 0;
    contact->asks = (person_flags(c, contact->jid) & PERSON_ASKS) != 0;
    if (c->line.state == LINE_ONLINE)
        there_of(c, contact->jid, contact);
    return (contact->listed && (w.wants & WISH_REMOVE) == 0) || contact->asks;
}

bool engine_contact(const struct engine *c, struct str bare, struct contact *out)
{
    struct roster_row row;

    if (!contacts_row(c, bare, &row))
        row.contact = (struct contact){ .jid = bare };
    *out = row.contact;
    return is_shown(c, out);
}

/* One of the table of this phase that was not in the one before. */
static bool next_of(const struct engine *c, size_t phase, size_t *at, struct contact *out)
{
    struct bytes key, value;
    struct roster_row row;
    static const enum book_table tables[] = { BOOK_CONTACT, BOOK_WISH, BOOK_PEOPLE };

    while (book_next(&c->book, tables[phase], at, &key, &value)) {
        struct str jid = str_of_bytes(key);
        bool again = phase > 0 && contacts_row(c, jid, &row);

        again |= phase > 1 && wish_of(c, jid).wants != 0;
        if (!again && engine_contact(c, jid, out))
            return true;
    }
    return false;
}

/* The cursor: a place in one of three tables. */
bool engine_next_contact(const struct engine *c, size_t *cursor, struct contact *out)
{
    for (;;) {
        size_t phase = *cursor % 3, at = *cursor / 3;
        bool found = next_of(c, phase, &at, out);

        *cursor = at * 3 + phase;
        if (found)
            return true;
        if (phase == 2)
            return false;
        *cursor = phase + 1;
    }
}
