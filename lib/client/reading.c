/* reading.c: see reading.h. */
#include "client/reading.h"

#include "client/chat.h"
#include "client/expiry.h"
#include "client/people.h"
#include "client/pubsub.h"
#include "client/record.h"
#include "xmpp/ns.h"

enum {
    FORMAT = 1,
    UNREAD_MAX = 32, /* of a chat; who has more unread is told of the last ones */
    CHATS_MAX = 20000,
    ID_MAX = 1024,
    ARCHIVE_ID_MAX = 255,
    RECORD_MAX = 64 * 1024,
};

struct unread {
    struct str id, archive_id;
    bool markable;
};

/* A row. `seen`: the last archive id that was read, by whichever device; `early`: one that another device has read before it came here;
 * `owed_mark`, `owed_seen`: what the author, and our devices, have not been told yet. */
struct chat {
    struct str bare, seen, early, owed_mark, owed_seen;
    struct unread unread[UNREAD_MAX];
    size_t count;
};

/* ---- Rows ------------------------------------------------------------------------------------------ */

static struct chat read_row(struct str bare, struct bytes value)
{
    struct chat chat = { .bare = bare }, none = chat;
    struct reader r = reader_of(value);

    if (value.n == 0 || read_u8(&r) != FORMAT)
        return none;
    chat.seen = read_text(&r);
    chat.early = read_text(&r);
    chat.owed_mark = read_text(&r);
    chat.owed_seen = read_text(&r);
    chat.count = read_u8(&r);
    for (size_t i = 0; i < chat.count && i < UNREAD_MAX; i++) {
        chat.unread[i].id = read_text(&r);
        chat.unread[i].archive_id = read_text(&r);
        chat.unread[i].markable = read_u8(&r) != 0;
    }
    return reader_done(&r) && chat.count <= UNREAD_MAX ? chat : none;
}

/* Its texts are views of the row, until it is kept. */
static struct chat recall(struct engine *c, struct str bare)
{
    return read_row(bare, book_get(&c->book, BOOK_CHAT, bytes_of_str(bare)));
}

static void keep(struct engine *c, const struct chat *chat)
{
    struct buf record;

    buf_init(&record, RECORD_MAX);
    record_u8(&record, FORMAT);
    record_text(&record, chat->seen);
    record_text(&record, chat->early);
    record_text(&record, chat->owed_mark);
    record_text(&record, chat->owed_seen);
    record_u8(&record, (uint8_t)chat->count);
    for (size_t i = 0; i < chat->count; i++) {
        record_text(&record, chat->unread[i].id);
        record_text(&record, chat->unread[i].archive_id);
        record_u8(&record, chat->unread[i].markable);
    }
    if (!record.failed
        && (book_get(&c->book, BOOK_CHAT, bytes_of_str(chat->bare)).p != NULL
            || book_count(&c->book, BOOK_CHAT) < CHATS_MAX))
        book_put(&c->book, BOOK_CHAT, bytes_of_str(chat->bare), buf_bytes(&record));
    buf_deinit(&record);
}

/* ---- Read here, or elsewhere ----------------------------------------------------------------------- */

static void drop_unread(struct chat *chat, size_t n)
{
    for (size_t i = n; i < chat->count; i++)
        chat->unread[i - n] = chat->unread[i];
    chat->count -= n;
}

/* The timeline has it, too: what is shown as read must be so on all devices and after a restart. */
static void add_entry(struct engine *c, const struct chat *chat, struct str id)
{
    struct arena a = { 0 };
    struct entry e = {
        .kind = ENTRY_READ,
        .outgoing = true,
        .time_ms = c->now_ms,
        .chat = chat->bare,
        .author = c->bare,
        .id = arena_concat(&a, id, STR(" read")),
        .target = id,
    };

    if (id.n > 0)
        engine_add_entry(c, &e);
    arena_deinit(&a);
}

static bool is_unread(const void *ctx, struct str id)
{
    const struct chat *chat = ctx;

    for (size_t i = 0; i < chat->count; i++)
        if (str_eq(chat->unread[i].id, id))
            return true;
    return false;
}

/* The first `n` of the unread ones were read: notes it, and what of it is to be told to whom. */
static void read_first(struct engine *c, struct chat *chat, size_t n, bool here)
{
    struct str mark = STR_NONE, seen = STR_NONE;

    for (size_t i = 0; i < n; i++) {
        if (chat->unread[i].markable)
            mark = chat->unread[i].id;
        if (chat->unread[i].archive_id.n > 0)
            seen = chat->unread[i].archive_id;
    }
    if (seen.n > 0)
        chat->seen = seen;
    if (here && seen.n > 0)
        chat->owed_seen = seen;
    if (here && mark.n > 0 && people_may_know(c, chat->bare))
        chat->owed_mark = mark;
    add_entry(c, chat, chat->unread[n - 1].id);
    drop_unread(chat, n);
    expiry_read(c, chat->bare, is_unread, chat);
    keep(c, chat);
}

enum err engine_read(struct engine *c, const struct jid *jid, struct str id)
{
    struct arena a = { 0 };
    struct chat chat = recall(c, jid_text(&a, jid));
    size_t n = chat.count;

    while (n > 0 && id.n > 0 && !str_eq(chat.unread[n - 1].id, id))
        n--;
    if (n > 0) {
        read_first(c, &chat, n, true);
        reading_work(c);
        engine_end_round(c);
    }
    arena_deinit(&a);
    return n > 0 ? ERR_NONE : ERR_MISSING;
}

/* Messages of ours are never unread, but another device may say that it has seen everything up to one of them. */
void reading_came(struct engine *c, const struct entry *e, bool markable)
{
    struct chat chat = recall(c, e->chat);
    bool early = chat.early.n > 0 && str_eq(chat.early, e->archive_id);

    if (e->outgoing && !early)
        return;
    if (!e->outgoing && chat.count == UNREAD_MAX)
        drop_unread(&chat, 1);
    if (!e->outgoing)
        chat.unread[chat.count++] = (struct unread){ e->id, e->archive_id, markable };
    if (early)
        chat.early = STR_NONE;
    if (early && chat.count > 0)
        read_first(c, &chat, chat.count, false);
    else
        keep(c, &chat);
}

void reading_marked(struct engine *c, struct str bare, struct str id)
{
    struct chat chat = recall(c, bare);
    size_t n = chat.count;

    while (n > 0 && !str_eq(chat.unread[n - 1].id, id))
        n--;
    if (n > 0)
        read_first(c, &chat, n, false);
}

/* ---- Telling --------------------------------------------------------------------------------------- */

static void send_mark(struct engine *c, const struct chat *chat)
{
    struct arena a = { 0 };
    struct xml_node *m = stanza_new(&a, STANZA_MESSAGE, "chat", STR_NONE, chat->bare,
                                    random_token(&c->random, &a, 15));

    xml_set(&a, xml_add(&a, m, STR(NS_MARKERS), STR("displayed")), STR("id"), chat->owed_mark);
    xml_add(&a, m, STR(NS_HINTS), STR("store"));
    engine_send(c, m, 0);
    arena_deinit(&a);
}

static void publish(struct engine *c, const struct chat *chat)
{
    struct arena a = { 0 };
    struct xml_node *n = xml_new(&a, STR(NS_MDS), STR("displayed")), *id;
    struct pubsub_item item = { .node = STR(NS_MDS), .id = chat->bare, .many = true, .own = true };

    id = xml_add(&a, n, STR(NS_SID), STR("stanza-id"));
    xml_set(&a, id, STR("by"), c->bare);
    xml_set(&a, id, STR("id"), chat->owed_seen);
    pubsub_publish(c, &item, n);
    arena_deinit(&a);
}

static bool may_publish(const struct engine *c, const struct chat *chat)
{
    return chat->owed_seen.n > 0 && c->private_nodes;
}

static void tell(struct engine *c, struct chat *chat)
{
    if (chat->owed_mark.n > 0)
        send_mark(c, chat);
    chat->owed_mark = STR_NONE;
    if (may_publish(c, chat)) {
        publish(c, chat);
        chat->owed_seen = STR_NONE;
    }
    keep(c, chat);
}

void reading_work(struct engine *c)
{
    struct arena a = { 0 };
    struct bytes key, value, *owing;
    size_t n = 0;

    if (c->line.state != LINE_ONLINE)
        return;
    owing = arena_alloc(&a, (book_count(&c->book, BOOK_CHAT) + 1) * sizeof *owing);
    for (size_t cursor = 0; book_next(&c->book, BOOK_CHAT, &cursor, &key, &value);) {
        struct chat chat = read_row(str_of_bytes(key), value);

        if (chat.owed_mark.n > 0 || may_publish(c, &chat))
            owing[n++] = arena_bytes(&a, key);
    }
    for (size_t i = 0; i < n; i++) {
        struct chat chat = recall(c, str_of_bytes(owing[i]));

        tell(c, &chat);
    }
    arena_deinit(&a);
}

/* ---- Hearing of it (XEP-0490) ---------------------------------------------------------------------- */

static void seen_elsewhere(struct engine *c, struct str bare, struct str archive_id)
{
    struct chat chat = recall(c, bare);
    size_t n = chat.count;

    if (archive_id.n == 0 || archive_id.n > ARCHIVE_ID_MAX || str_eq(archive_id, chat.seen)
        || str_eq(archive_id, chat.early))
        return;
    while (n > 0 && !str_eq(chat.unread[n - 1].archive_id, archive_id))
        n--;
    if (n > 0) {
        read_first(c, &chat, n, false);
    } else { /* older than what is known, or still to come */
        chat.early = archive_id;
        keep(c, &chat);
    }
}

static void item_came(struct engine *c, const struct xml_node *item)
{
    const struct xml_node *displayed = xml_child(item, STR(NS_MDS), STR("displayed"));
    const struct xml_node *id =
        displayed ? xml_child(displayed, STR(NS_SID), STR("stanza-id")) : NULL;
    struct arena a = { 0 };
    struct jid jid;

    if (id != NULL && str_eq(xml_get(id, STR("by")), c->bare)
        && jid_parse(&a, xml_get(item, STR("id")), &jid) == ERR_NONE && jid_is_bare(&jid))
        seen_elsewhere(c, jid_text(&a, &jid), xml_get(id, STR("id")));
    arena_deinit(&a);
}

static void items_came(struct engine *c, const struct xml_node *items)
{
    for (const struct xml_node *i = items ? xml_first_element(items) : NULL; i != NULL;
         i = xml_next_element(i))
        item_came(c, i);
}

bool reading_event(struct engine *c, const struct stanza *s)
{
    const struct xml_node *event = xml_child(s->node, STR(NS_PUBSUB_EVENT), STR("event"));
    const struct xml_node *items =
        event ? xml_child(event, STR(NS_PUBSUB_EVENT), STR("items")) : NULL;

    if (items == NULL || !str_is(xml_get(items, STR("node")), NS_MDS))
        return false;
    if (!s->has_from || jid_eq(&s->from, &c->config.jid)) /* others' nodes say nothing of ours */
        items_came(c, items);
    return true;
}

static void fetched(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *pubsub;

    (void)r;
    if (answer == NULL || answer->type != IQ_RESULT)
        return;
    pubsub = xml_child(answer->node, STR(NS_PUBSUB), STR("pubsub"));
    items_came(c, pubsub ? xml_child(pubsub, STR(NS_PUBSUB), STR("items")) : NULL);
}

void reading_online(struct engine *c)
{
    pubsub_fetch(c, request_new(c, fetched), NULL, STR(NS_MDS), STR_NONE);
    reading_work(c);
}
