/* contacts.c: the roster (RFC 6121 §2), with versions, and who is there (§4). */
#include "client/contacts.h"

#include "client/engine_inside.h"
#include "client/record.h"
#include "xmpp/ns.h"

enum { CONTACT_TEXT_MAX = 1024, CONTACTS_MAX = 20000 };

/* ---- Rows ------------------------------------------------------------------------------------------ */

static const char *const subscriptions[] = { "none", "to", "from", "both" };

static enum subscription subscription_of(struct str text)
{
    for (int i = 0; i < (int)COUNT_OF(subscriptions); i++)
        if (str_is(text, subscriptions[i]))
            return (enum subscription)i;
    return SUBSCRIPTION_NONE;
}

static bool contact_read(struct bytes key, struct bytes value, struct contact *out)
{
    struct reader r = reader_of(value);

    *out = (struct contact){ .jid = str_of_bytes(key) };
    out->subscription = read_u8(&r) & 3;
    out->asked = read_u8(&r) != 0;
    out->name = read_text(&r);
    return reader_done(&r);
}

static void contact_keep(struct engine *c, const struct contact *contact)
{
    struct buf value;

    buf_init(&value, 2 * CONTACT_TEXT_MAX);
    record_u8(&value, (uint8_t)contact->subscription);
    record_u8(&value, contact->asked);
    record_text(&value, contact->name);
    book_put(&c->book, BOOK_CONTACT, bytes_of_str(contact->jid), buf_bytes(&value));
    buf_deinit(&value);
}

bool engine_contact(const struct engine *c, struct str bare, struct contact *out)
{
    struct bytes value = book_get(&c->book, BOOK_CONTACT, bytes_of_str(bare));

    return value.p != NULL && contact_read(bytes_of_str(bare), value, out);
}

bool engine_next_contact(const struct engine *c, size_t *cursor, struct contact *out)
{
    struct bytes key, value;

    while (book_next(&c->book, BOOK_CONTACT, cursor, &key, &value))
        if (contact_read(key, value, out))
            return true;
    return false;
}

/* ---- Roster ---------------------------------------------------------------------------------------- */

static void item_came(struct engine *c, const struct xml_node *item)
{
    struct arena a = { 0 };
    struct jid jid;
    struct contact contact = { .asked = str_is(xml_get(item, STR("ask")), "subscribe") };
    struct str subscription = xml_get(item, STR("subscription"));

    if (!xml_is(item, STR(NS_ROSTER), STR("item"))
        || jid_parse(&a, xml_get(item, STR("jid")), &jid) != ERR_NONE || !jid_is_bare(&jid)) {
        arena_deinit(&a);
        return;
    }
    contact.jid = jid_text(&a, &jid);
    contact.subscription = subscription_of(subscription);
    contact.name = str_slice(xml_get(item, STR("name")), 0, CONTACT_TEXT_MAX);
    if (str_is(subscription, "remove"))
        book_delete(&c->book, BOOK_CONTACT, bytes_of_str(contact.jid));
    else if (book_count(&c->book, BOOK_CONTACT) < CONTACTS_MAX)
        contact_keep(c, &contact);
    arena_deinit(&a);
}

static void keep_version(struct engine *c, const struct xml_node *query)
{
    struct str version = xml_get(query, STR("ver"));

    if (version.p != NULL && version.n <= CONTACT_TEXT_MAX)
        book_put(&c->book, BOOK_SELF, engine_key("roster"), bytes_of_str(version));
}

/* The whole list: who is not in it is no contact any more. */
static void forget_others(struct engine *c)
{
    struct arena a = { 0 };
    struct bytes key, value,
        *keys = arena_alloc(&a, book_count(&c->book, BOOK_CONTACT) * sizeof *keys);
    size_t n = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_CONTACT, &cursor, &key, &value);)
        keys[n++] = arena_bytes(&a, key);
    for (size_t i = 0; i < n; i++)
        book_delete(&c->book, BOOK_CONTACT, keys[i]);
    arena_deinit(&a);
}

static void roster_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *query;

    (void)r;
    if (answer == NULL || answer->type != IQ_RESULT)
        return;
    query = xml_child(answer->node, STR(NS_ROSTER), STR("query"));
    if (query == NULL) /* nothing has changed since our version (RFC 6121 §2.6.3) */
        return;
    forget_others(c);
    for (const struct xml_node *i = xml_first_element(query); i != NULL; i = xml_next_element(i))
        item_came(c, i);
    keep_version(c, query);
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
        item_came(c, xml_first_element(iq->payload));
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

    xml_set(&a, query, STR("ver"), str_of_bytes(version));
    request_send(c, request_new(c, roster_came), "get", NULL, query);
    self_announce(c);
    arena_deinit(&a);
}

/* A request to see us is the person's to answer; who is there, other files' (RFC 6121 §3.1, §4). */
void contacts_presence(struct engine *c, const struct stanza *presence)
{
    if (presence->type == PRESENCE_SUBSCRIBE || presence->type == PRESENCE_AVAILABLE
        || presence->type == PRESENCE_UNAVAILABLE)
        engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACTS });
}
