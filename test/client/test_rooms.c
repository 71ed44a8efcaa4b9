/* test_rooms.c: one list of rooms on all devices of an account, whenever they are connected; and what a server that lies does to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/rooms_inside.h"
#include "test/client/trio.h"
#include "xml/parser.h"
#include "xmpp/ns.h"

static void start(struct trio *s, struct handset *h)
{
    handset_start(h);
    trio_run(s);
    assert_int_equal(h->seen[ENGINE_ONLINE] > 0, 1);
}

/* "NAME/NICK", with + if all are in it, and ? while the server does not know; in no order, so one room at a time. */
static void check_room(struct engine *c, const char *jid, const char *want)
{
    struct arena a = { 0 };
    struct room room;
    struct str got = STR("none");

    if (engine_room(c, str_from(jid), &room))
        got = arena_printf(&a, "%.*s/%.*s%s%s", STR_ARG(room.name), STR_ARG(room.nick),
                           room.autojoin ? "+" : "", room.waiting ? "?" : "");
    assert_string_equal(arena_printf(&a, "%.*s", STR_ARG(got)).p, want);
    arena_deinit(&a);
}

static size_t count(struct engine *c)
{
    struct room room;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_room(c, &cursor, &room);)
        n++;
    return n;
}

static enum err keep(struct trio *s, struct handset *h, const char *jid, struct room room)
{
    struct jid at = trio_jid(s, jid);

    return engine_keep_room(h->engine, &at, &room);
}

static enum err drop(struct trio *s, struct handset *h, const char *jid)
{
    struct jid at = trio_jid(s, jid);

    return engine_drop_room(h->engine, &at);
}

#define ROOM "tea@rooms.example"

static void one_list(void **state)
{
    struct trio *s = *state;
    struct room tea = { .name = STR("Tea"), .nick = STR("al"), .autojoin = true };

    start(s, &s->alice);
    start(s, &s->alice2);
    assert_int_equal(keep(s, &s->alice, ROOM, tea), ERR_NONE);
    check_room(s->alice.engine, ROOM, "Tea/al+?");
    trio_run(s);
    check_room(s->alice.engine, ROOM, "Tea/al+");
    check_room(s->alice2.engine, ROOM, "Tea/al+");
    assert_true(s->alice2.seen[ENGINE_ROOMS] > 0);
    tea.name = STR("Green tea");
    tea.autojoin = false;
    assert_int_equal(keep(s, &s->alice2, ROOM, tea), ERR_NONE);
    trio_run(s);
    check_room(s->alice.engine, ROOM, "Green tea/al");
    assert_int_equal(drop(s, &s->alice, ROOM), ERR_NONE);
    check_room(s->alice.engine, ROOM, "none");
    trio_run(s);
    check_room(s->alice2.engine, ROOM, "none");
    assert_int_equal(drop(s, &s->alice2, ROOM), ERR_MISSING);
    assert_int_equal(book_count(&s->alice.store, BOOK_ROOM), 0);
}

/* Without a connection, and then without the program; the other device has changed the same and another room meanwhile. */
static void on_a_train(void **state)
{
    struct trio *s = *state;
    struct room tea = { .name = STR("Tea") };

    start(s, &s->alice);
    start(s, &s->alice2);
    assert_int_equal(keep(s, &s->alice, ROOM, tea), ERR_NONE);
    assert_int_equal(keep(s, &s->alice, "old@rooms.example", tea), ERR_NONE);
    trio_run(s);
    handset_crash(&s->alice);
    handset_start(&s->alice);
    tea.name = STR("Black tea");
    assert_int_equal(keep(s, &s->alice, ROOM, tea), ERR_NONE);
    assert_int_equal(drop(s, &s->alice, "old@rooms.example"), ERR_NONE);
    for (const struct book_changes *changes;
         (changes = engine_commit(s->alice.engine)) != NULL;) { /* to its store, no further */
        for (const struct book_change *c = changes->first; c != NULL; c = c->next)
            if (c->table == BOOK_ROOM)
                book_put(&s->alice.store, c->table, c->key, c->value);
        engine_committed(s->alice.engine, true);
    }
    handset_crash(&s->alice);
    tea.name = STR("Coffee");
    assert_int_equal(keep(s, &s->alice2, "coffee@rooms.example", tea), ERR_NONE);
    trio_run(s);
    start(s, &s->alice);
    check_room(s->alice.engine, ROOM, "Black tea/");
    check_room(s->alice2.engine, ROOM, "Black tea/");
    check_room(s->alice2.engine, "old@rooms.example", "none");
    check_room(s->alice.engine, "old@rooms.example", "none");
    check_room(s->alice.engine, "coffee@rooms.example", "Coffee/");
    assert_int_equal(count(s->alice.engine), 2);
}

static void what_is_no_room(void **state)
{
    struct trio *s = *state;
    static const char *const none[] = { "rooms.example", "tea@rooms.example/al" };
    static char big[ROOM_NAME_MAX + 1];
    struct room room = { .name = STR("Tea") };

    start(s, &s->alice);
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_int_equal(keep(s, &s->alice, none[i], room), ERR_MALFORMED);
    room.name = STR("\x01");
    assert_int_equal(keep(s, &s->alice, ROOM, room), ERR_MALFORMED);
    memset(big, 'a', sizeof big);
    room.name = (struct str){ big, sizeof big };
    assert_int_equal(keep(s, &s->alice, ROOM, room), ERR_TOO_BIG);
    assert_int_equal(count(s->alice.engine), 0);
}

/* ---- A server that lies, and others ----------------------------------------------------------------- */

static void event(struct engine *c, const char *from, const char *content)
{
    static const struct xml_limits limits = { 1 << 20, 64, 64, 20000 };
    struct arena a = { 0 };
    enum stanza_condition why;
    struct xml_node *node;
    struct stanza s;
    struct str text =
        arena_printf(&a,
                     "<message xmlns='jabber:client' type='headline'%s><event "
                     "xmlns='http://jabber.org/protocol/pubsub#event'>%s</event></message>",
                     from, content);

    assert_int_equal(xml_parse_document(&a, text, &limits, &node), ERR_NONE);
    assert_int_equal(stanza_parse(&a, node, &s, &why), ERR_NONE);
    message_came(c, &a, &s);
    engine_end_round(c);
    arena_deinit(&a);
    while (engine_commit(c) != NULL)
        engine_committed(c, true);
}

#define ITEMS(x)   "<items node='urn:xmpp:bookmarks:1'>" x "</items>"
#define ITEM(x, y) "<item id='" x "'><conference xmlns='urn:xmpp:bookmarks:1' " y "</item>"
#define TEA        ITEMS(ITEM(ROOM, "name='Tea' autojoin='1'><nick>al</nick></conference>"))

static const struct {
    const char *name, *from, *content, *want;
} events[] = {
    /* one after the other: what is known of the room afterwards */
    { "somebody else's node", " from='eve@e.example'", TEA, "none" },
    { "a device's", " from='alice@sotto.test/phone'", TEA, "none" },
    { "our server's own", " from='sotto.test'", TEA, "none" },
    { "no room", "",
      ITEMS(ITEM("rooms.example", "/>") ITEM("", "/>") ITEM("a@b/c", "/>") "<item/>"), "none" },
    { "no bookmark", "",
      ITEMS("<item id='" ROOM "'><conference xmlns='storage:bookmarks'/></item>"), "none" },
    { "nothing in it", "", ITEMS("<item id='" ROOM "'/>"), "none" },
    { "ours", " from='alice@sotto.test'", TEA, "Tea/al+" },
    { "nobody named is us", "", ITEMS(ITEM(ROOM, "autojoin='yes'/>")), "/" },
    { "taken back by somebody else", " from='eve@e.example'", ITEMS("<retract id='" ROOM "'/>"),
      "/" },
    { "taken back", "", ITEMS("<retract id='" ROOM "'/>"), "none" },
    { "again", "", TEA, "Tea/al+" },
    { "all by somebody else", " from='eve@e.example'", "<purge node='urn:xmpp:bookmarks:1'/>",
      "Tea/al+" },
    { "another node", "", "<purge node='urn:xmpp:mds:displayed:0'/>", "Tea/al+" },
    { "all", "", "<purge node='urn:xmpp:bookmarks:1'/>", "none" },
    { "and again", "", TEA, "Tea/al+" },
    { "with the node", "", "<delete node='urn:xmpp:bookmarks:1'/>", "none" },
};

static void lies(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        print_message("%s\n", events[i].name);
        event(s->alice.engine, events[i].from, events[i].content);
        check_room(s->alice.engine, ROOM, events[i].want);
    }
}

static void too_much(void **state)
{
    struct trio *s = *state;
    struct arena a = { 0 };
    char *nick = (char *)arena_raw(&a, 2001);

    start(s, &s->alice);
    for (int i = 0; i < ROOMS_MAX + 100; i++)
        event(
            s->alice.engine, "",
            arena_printf(&a,
                         "<items node='urn:xmpp:bookmarks:1'><item id='n%d@e.example'><conference "
                         "xmlns='urn:xmpp:bookmarks:1'/></item></items>",
                         i)
                .p);
    assert_int_equal(count(s->alice.engine), ROOMS_MAX);
    assert_int_equal(keep(s, &s->alice, ROOM, (struct room){ .autojoin = true }), ERR_TOO_BIG);
    assert_int_equal(drop(s, &s->alice, "n7@e.example"), ERR_NONE);
    memset(nick, 'n', 2000);
    nick[2000] = '\0';
    event(s->alice.engine, "",
          arena_printf(&a,
                       "<items node='urn:xmpp:bookmarks:1'><item id='n8@e.example'><conference "
                       "xmlns='urn:xmpp:bookmarks:1' name='%s'><nick>%s</nick></conference></item>"
                       "</items>",
                       nick, nick)
              .p);
    memset(nick + ROOM_NAME_MAX, 0, 1);
    check_room(s->alice.engine, "n8@e.example",
               arena_printf(&a, "%s/", nick).p); /* half a nickname would be another one */
    arena_deinit(&a);
}

/* §4: extensions of other programs, and a password, are there after a change of ours; what is too large is not changed at all. */
static void what_others_keep(void **state)
{
    static const char extension[] = "<extensions><pin xmlns='urn:example:pin'>7</pin></extensions>";
    struct trio *s = *state;
    struct arena a = { 0 };
    struct room_row row;
    char *big = (char *)arena_raw(&a, 20001);

    start(s, &s->alice);
    start(s, &s->alice2);
    event(s->alice.engine, "",
          arena_printf(&a,
                       "<items node='urn:xmpp:bookmarks:1'><item id='%s'><conference xmlns='"
                       "urn:xmpp:bookmarks:1'><password>sesame</password>%s</conference></item>"
                       "</items>",
                       ROOM, extension)
              .p);
    assert_int_equal(keep(s, &s->alice, ROOM, (struct room){ .name = STR("Tea") }), ERR_NONE);
    trio_run(s);
    check_room(s->alice2.engine, ROOM, "Tea/");
    assert_true(rooms_row(s->alice2.engine, STR(ROOM), &row));
    assert_non_null(memmem(row.kept.p, row.kept.n, "sesame", 6));
    assert_non_null(memmem(row.kept.p, row.kept.n, "urn:example:pin", 15));
    memset(big, 'x', 20000);
    big[20000] = '\0';
    event(s->alice.engine, "",
          arena_printf(&a,
                       "<items node='urn:xmpp:bookmarks:1'><item id='%s'><conference xmlns='"
                       "urn:xmpp:bookmarks:1' name='Big'><extensions><x xmlns='urn:x'>%s</x>"
                       "</extensions></conference></item></items>",
                       ROOM, big)
              .p);
    check_room(s->alice.engine, ROOM, "Big/");
    assert_int_equal(keep(s, &s->alice, ROOM, (struct room){ .name = STR("Tea") }), ERR_TOO_BIG);
    assert_int_equal(drop(s, &s->alice, ROOM), ERR_NONE);
    trio_run(s);
    check_room(s->alice2.engine, ROOM, "none");
    arena_deinit(&a);
}

#define WITH(function) cmocka_unit_test_setup_teardown(function, trio_set_up, trio_tear_down)

/* XEP-0402 §3.3: where others might see it, it waits here. */
static void waits_for_a_server_that_keeps_it_private(void **state)
{
    struct trio *s = *state;
    struct room tea = { .name = STR("Tea"), .nick = STR("al"), .autojoin = true };

    start(s, &s->alice);
    s->alice.engine->private_nodes = false; /* what an answer without that feature leaves */
    assert_int_equal(keep(s, &s->alice, ROOM, tea), ERR_NONE);
    trio_run(s);
    check_room(s->alice.engine, ROOM, "Tea/al+?");
    handset_crash(&s->alice);
    start(s, &s->alice);
    check_room(s->alice.engine, ROOM, "Tea/al+");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(one_list),
        WITH(on_a_train),
        WITH(what_is_no_room),
        WITH(lies),
        WITH(too_much),
        WITH(what_others_keep),
        WITH(waits_for_a_server_that_keeps_it_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
