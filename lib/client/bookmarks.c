/* bookmarks.c: rooms on our account's node (XEP-0402): reading them, hearing of changes, and changing them.
 *
 * Only our own account's server speaks of them. What waits for the server here is newer than what comes from there.
 */
#include "client/pubsub.h"
#include "client/people_inside.h"
#include "client/rooms_inside.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

enum { KEPT_ROOM = 64 * 1024, KEPT_DEPTH = 32, KEPT_ATTRS = 64, KEPT_NODES = 2000 };

/* ---- An item, as it comes --------------------------------------------------------------------------- */

static bool is_ours(const struct xml_node *n)
{
    return xml_is(n, STR(NS_BOOKMARKS), STR("nick"));
}

/* What other programs keep with a room (§4): one element with all of them. */
static void collect(struct arena *a, const struct xml_node *conference, struct buf *out)
{
    struct xml_node *all = xml_new(a, STR(NS_BOOKMARKS), STR("conference"));
    bool any = false;

    for (const struct xml_node *n = xml_first_element(conference); n != NULL;
         n = xml_next_element(n))
        if (!is_ours(n)) {
            xml_append(all, xml_copy(a, n));
            any = true;
        }
    if (any)
        xml_write(out, all, STR_NONE);
}

static bool is_true(struct str text)
{
    return str_is(text, "true") || str_is(text, "1");
}

/* False: no bookmark of a room. */
static bool read_jid(struct arena *a, const struct xml_node *item, struct str *out)
{
    struct jid jid;

    if (jid_parse(a, xml_get(item, STR("id")), &jid) != ERR_NONE || !jid_is_bare(&jid)
        || jid.local.n == 0)
        return false;
    *out = jid_text(a, &jid);
    return true;
}

static void item_came(struct engine *c, struct arena *a, const struct xml_node *item,
                      struct str bare)
{
    const struct xml_node *conference = xml_child(item, STR(NS_BOOKMARKS), STR("conference"));
    struct room_row row = { .room.jid = bare }, before;
    struct buf kept;

    if (conference == NULL || (rooms_row(c, bare, &before) && before.room.waiting))
        return;
    buf_init(&kept, KEPT_ROOM);
    collect(a, conference, &kept);
    row.room.name = people_cut(xml_get(conference, STR("name")), ROOM_NAME_MAX);
    row.room.nick = xml_child_text(a, conference, STR(NS_BOOKMARKS), STR("nick"));
    if (row.room.nick.n > ROOM_NICK_MAX) /* half a nickname is another one */
        row.room.nick = STR_NONE;
    row.room.autojoin = is_true(xml_get(conference, STR("autojoin")));
    row.locked = kept.failed;
    row.kept = kept.failed ? bytes_of("", 0) : buf_bytes(&kept);
    rooms_put(c, &row);
    buf_deinit(&kept);
}

/* What waits here stays: the server will have it. */
static void item_gone(struct engine *c, struct str bare)
{
    struct room_row row;

    if (rooms_row(c, bare, &row) && !row.room.waiting)
        rooms_take(c, bare);
}

static void all_others_gone(struct engine *c, const struct notes *seen)
{
    struct arena a = { 0 };
    struct bytes key, value,
        *gone = arena_alloc(&a, (book_count(&c->book, BOOK_ROOM) + 1) * sizeof *gone);
    size_t n = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_ROOM, &cursor, &key, &value);)
        if (!engine_noted(seen, str_of_bytes(key)))
            gone[n++] = arena_bytes(&a, key);
    for (size_t i = 0; i < n; i++)
        item_gone(c, str_of_bytes(gone[i]));
    arena_deinit(&a);
}

static void items_came(struct engine *c, const struct xml_node *items, struct notes *seen)
{
    struct str bare;

    for (const struct xml_node *i = items ? xml_first_element(items) : NULL; i != NULL;
         i = xml_next_element(i)) {
        struct arena a = { 0 };

        if (read_jid(&a, i, &bare) && xml_is(i, items->ns, STR("item"))) {
            item_came(c, &a, i, bare);
            if (seen != NULL)
                engine_note(seen, bare);
        } else if (read_jid(&a, i, &bare) && xml_is(i, items->ns, STR("retract"))) {
            item_gone(c, bare);
        }
        arena_deinit(&a);
    }
}

/* ---- Hearing of changes ----------------------------------------------------------------------------- */

static bool names_node(const struct xml_node *n)
{
    return str_is(xml_get(n, STR("node")), NS_BOOKMARKS);
}

bool bookmarks_event(struct engine *c, const struct stanza *s)
{
    const struct xml_node *event = xml_child(s->node, STR(NS_PUBSUB_EVENT), STR("event"));
    const struct xml_node *what = event != NULL ? xml_first_element(event) : NULL;
    struct notes none = { 0 };

    if (what == NULL || !names_node(what))
        return false;
    if (s->has_from && !jid_eq(&s->from, &c->config.jid)) /* others' nodes say nothing of ours */
        return true;
    if (xml_is(what, STR(NS_PUBSUB_EVENT), STR("items")))
        items_came(c, what, NULL);
    else if (xml_is(what, STR(NS_PUBSUB_EVENT), STR("purge"))
             || xml_is(what, STR(NS_PUBSUB_EVENT), STR("delete")))
        all_others_gone(c, &none);
    rooms_tell(c);
    return true;
}

/* ---- Changing --------------------------------------------------------------------------------------- */

/* The server has this change, or has refused it; either way what it holds comes next. */
static void settled(struct engine *c, struct str bare, uint32_t number, bool done)
{
    struct arena a = { 0 };
    struct room_row row;

    if (rooms_row(c, bare, &row) && row.room.waiting && row.number == number && done) {
        if (row.dropped) {
            rooms_take(c, arena_str(&a, bare));
        } else {
            row.room.name = arena_str(&a, row.room.name);
            row.room.nick = arena_str(&a, row.room.nick);
            row.room.jid = arena_str(&a, bare);
            row.kept = arena_bytes(&a, row.kept);
            row.room.waiting = false;
            rooms_put(c, &row);
        }
        rooms_tell(c);
    }
    arena_deinit(&a);
}

/* Or taken back. */
static void published(struct engine *c, const struct pubsub_item *item, bool done)
{
    settled(c, item->id, item->token, done);
}

static void add_kept(struct arena *a, struct xml_node *conference, struct bytes kept)
{
    static const struct xml_limits limits = { KEPT_ROOM, KEPT_DEPTH, KEPT_ATTRS, KEPT_NODES };
    struct xml_node *all;

    if (kept.n == 0 || xml_parse_document(a, str_of_bytes(kept), &limits, &all) != ERR_NONE)
        return;
    for (const struct xml_node *n = xml_first_element(all); n != NULL; n = xml_next_element(n))
        xml_append(conference, xml_copy(a, n));
}

void bookmarks_send(struct engine *c, const struct room_row *row)
{
    struct arena a = { 0 };
    struct pubsub_item item = { .node = STR(NS_BOOKMARKS),
                                .id = row->room.jid,
                                .many = true,
                                .own = true,
                                .done = published,
                                .token = row->number };
    struct xml_node *conference;

    if (c->line.state != LINE_ONLINE || (!row->dropped && !c->private_nodes))
        return;
    conference = xml_new(&a, STR(NS_BOOKMARKS), STR("conference"));
    if (row->dropped) {
        pubsub_retract(c, &item);
    } else {
        if (row->room.name.n > 0)
            xml_set(&a, conference, STR("name"), row->room.name);
        xml_set(&a, conference, STR("autojoin"), row->room.autojoin ? STR("true") : STR("false"));
        if (row->room.nick.n > 0)
            xml_add_text_child(&a, conference, STR(NS_BOOKMARKS), STR("nick"), row->room.nick);
        add_kept(&a, conference, row->kept);
        pubsub_publish(c, &item, conference);
    }
    arena_deinit(&a);
}

static void send_waiting(struct engine *c)
{
    struct arena a = { 0 };
    struct bytes key, value;
    size_t n = 0, count = book_count(&c->book, BOOK_ROOM);
    struct str *all = arena_alloc(&a, (count + 1) * sizeof *all);
    struct room_row row;

    for (size_t cursor = 0; book_next(&c->book, BOOK_ROOM, &cursor, &key, &value);)
        all[n++] = arena_str(&a, str_of_bytes(key));
    for (size_t i = 0; i < n; i++)
        if (rooms_row(c, all[i], &row) && row.room.waiting)
            bookmarks_send(c, &row);
    arena_deinit(&a);
}

/* ---- All of them ------------------------------------------------------------------------------------ */

/* A part of the list says nothing of the rest (XEP-0059). */
static bool is_whole(const struct xml_node *pubsub)
{
    return pubsub != NULL && xml_child(pubsub, STR(NS_RSM), STR("set")) == NULL;
}

static void fetched(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *pubsub, *items = NULL;
    struct notes seen = { 0 };

    (void)r;
    if (answer == NULL || (answer->type != IQ_RESULT && !pubsub_is_missing(answer)))
        return;
    map_init(&seen.map, c->people.present.seed);
    pubsub = xml_child(answer->node, STR(NS_PUBSUB), STR("pubsub"));
    if (answer->type == IQ_RESULT && pubsub != NULL)
        items = xml_child(pubsub, STR(NS_PUBSUB), STR("items"));
    items_came(c, items, &seen);
    if (answer->type == IQ_ERROR || (items != NULL && is_whole(pubsub)))
        all_others_gone(c, &seen);
    map_deinit(&seen.map);
    arena_deinit(&seen.arena);
    rooms_tell(c);
    send_waiting(c);
}

/* Changes that wait go out after it: they may be about what others keep with a room. */
void bookmarks_online(struct engine *c)
{
    pubsub_fetch(c, request_new(c, fetched), NULL, STR(NS_BOOKMARKS), STR_NONE);
}
