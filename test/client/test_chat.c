/* test_chat.c: what people do in chats, from one engine to the others, through the server's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/timeline.h"
#include "test/client/handset.h"

#define THUMB "\U0001F44D"

struct scene {
    struct world *world;
    struct handset alice, alice2, bob;
    struct arena arena;
    struct jid alice_jid, bob_jid;
    struct str id; /* of what was done last */
};

static int set_up(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    struct world_options options = { .homes = 2 };

    s->world = world_new(&options);
    assert_true(world_config(s->world, STR("policy.e2ee"), STR("required")));
    assert_true(world_account(s->world, STR("alice"), STR("secret"), SCRAM_ITERATIONS_MIN));
    assert_true(world_account(s->world, STR("bob"), STR("secret"), SCRAM_ITERATIONS_MIN));
    assert_true(world_roster(s->world, STR("alice"),
                             STR("<item jid='bob@sotto.test' subscription='both'/>")));
    assert_true(world_roster(s->world, STR("bob"),
                             STR("<item jid='alice@sotto.test' subscription='both'/>")));
    handset_init(&s->alice, s->world, "alice@sotto.test", 1);
    handset_init(&s->alice2, s->world, "alice@sotto.test", 2);
    handset_init(&s->bob, s->world, "bob@sotto.test", 3);
    assert_int_equal(jid_parse(&s->arena, STR("alice@sotto.test"), &s->alice_jid), ERR_NONE);
    assert_int_equal(jid_parse(&s->arena, STR("bob@sotto.test"), &s->bob_jid), ERR_NONE);
    *state = s;
    return 0;
}

/* Nobody may know anything of anybody. */
static int set_up_strangers(void **state)
{
    struct scene *s;

    if (set_up(state) != 0)
        return -1;
    s = *state;
    return world_roster(s->world, STR("alice"),
                        STR("<item jid='bob@sotto.test' subscription='none'/>"))
                   && world_roster(s->world, STR("bob"),
                                   STR("<item jid='alice@sotto.test' subscription='none'/>"))
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    const char *why = NULL;
    bool clean;

    handset_deinit(&s->alice);
    handset_deinit(&s->alice2);
    handset_deinit(&s->bob);
    clean = world_free(s->world, &why);
    arena_deinit(&s->arena);
    mem_free(s);
    if (!clean)
        print_error("%s\n", why);
    return clean ? 0 : -1;
}

static void run(struct scene *s)
{
    struct handset *const all[] = { &s->alice, &s->alice2, &s->bob };

    handsets_run(all, COUNT_OF(all));
}

static void start(struct scene *s, struct handset *h)
{
    handset_start(h);
    run(s);
}

static void start_all(struct scene *s)
{
    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
}

/* A little later, so that what comes after is after. */
static void pass(struct scene *s)
{
    s->alice.now_ms += 1000;
    s->alice2.now_ms = s->bob.now_ms = s->alice.now_ms;
    world_advance(s->world, 1000);
}

static const struct jid *other(const struct scene *s, const struct handset *h)
{
    return h == &s->bob ? &s->alice_jid : &s->bob_jid;
}

/* Which devices are new is another matter on each. */
static struct timeline *chat_of(const struct handset *h)
{
    struct timeline *t = timeline_new(&h->random);

    for (size_t i = 0; i < h->entry_count; i++)
        if (h->entries[i].kind != ENTRY_DEVICE)
            timeline_add(t, &h->entries[i]);
    return t;
}

/* ---- What they do ---------------------------------------------------------------------------------- */

static void done(struct scene *s, enum err e)
{
    assert_int_equal(e, ERR_NONE);
    run(s);
    pass(s);
}

static void write_text(struct scene *s, struct handset *h, const char *text)
{
    engine_now(h->engine, h->now_ms);
    done(s, engine_send_text(h->engine, &s->arena, other(s, h), str_from(text), &s->id));
}

static void correct(struct scene *s, struct handset *h, struct str id, const char *text)
{
    engine_now(h->engine, h->now_ms);
    done(s, engine_correct(h->engine, &s->arena, other(s, h), id, NULL, str_from(text), &s->id));
}

static void correct_reply(struct scene *s, struct handset *h, struct str id, const char *text)
{
    struct timeline *t = chat_of(h);
    struct entry answered;

    engine_now(h->engine, h->now_ms);
    assert_true(message_answers(timeline_find(t, id), &answered));
    done(s,
         engine_correct(h->engine, &s->arena, other(s, h), id, &answered, str_from(text), &s->id));
    timeline_free(t);
}

static void retract(struct scene *s, struct handset *h, struct str id)
{
    engine_now(h->engine, h->now_ms);
    done(s, engine_retract(h->engine, &s->arena, other(s, h), id, &s->id));
}

static void react(struct scene *s, struct handset *h, struct str id, const char *emojis)
{
    engine_now(h->engine, h->now_ms);
    done(s, engine_react(h->engine, &s->arena, other(s, h), id, str_from(emojis), &s->id));
}

static void reply(struct scene *s, struct handset *h, struct str id, const char *quoted,
                  const char *text)
{
    struct entry e = { .id = id, .author = STR("alice@sotto.test"), .text = str_from(quoted) };

    engine_now(h->engine, h->now_ms);
    done(s, engine_reply_quoting(h->engine, &s->arena, other(s, h), &e, str_from(text), &s->id));
}

/* ---- What they see --------------------------------------------------------------------------------- */

static struct str drawn(struct scene *s, const struct handset *h)
{
    static const char *const deliveries[] = { "waiting", "sent", "delivered", "read", "failed" };
    struct timeline *t = chat_of(h);
    struct str out = STR("");

    for (size_t i = 0; i < timeline_count(t); i++) {
        const struct message *m = timeline_at(t, i);
        struct str reactions = STR("");

        for (size_t r = 0; r < m->reaction_count; r++)
            reactions = arena_printf(&s->arena, "%.*s [%.*s]", STR_ARG(reactions),
                                     STR_ARG(m->reactions[r].emojis));
        out = arena_printf(&s->arena, "%.*s%s:%.*s%s%s%s%.*s\n", STR_ARG(out),
                           m->entry.outgoing ? deliveries[m->delivery] : "in", STR_ARG(m->text),
                           m->edited ? " edited" : "", m->retracted ? " retracted" : "",
                           m->reply_to != NULL ? " reply" : "", STR_ARG(reactions));
    }
    timeline_free(t);
    return out;
}

static void sees(struct scene *s, const struct handset *h, const char *expected)
{
    struct str is = drawn(s, h);

    if (!str_is(is, expected))
        fail_msg("%.*sinstead of\n%s", STR_ARG(is), expected);
}

static size_t count(const struct handset *h, enum entry_kind kind, bool outgoing)
{
    size_t n = 0;

    for (size_t i = 0; i < h->entry_count; i++)
        n += h->entries[i].kind == kind && h->entries[i].outgoing == outgoing;
    return n;
}

/* ---- Tests ----------------------------------------------------------------------------------------- */

static void everything_reaches_all_devices(void **state)
{
    struct scene *s = *state;
    struct str first, answer;

    start_all(s);
    write_text(s, &s->alice, "where shall we mete?");
    first = s->id;
    correct(s, &s->alice2, first, "where shall we meet?"); /* from the other device */
    react(s, &s->bob, first, THUMB);
    reply(s, &s->bob, first, "where shall we meet?", "at the bridge");
    assert_true(str_is(handset_last(&s->alice, ENTRY_MESSAGE)->quote, "where shall we meet?"));
    assert_true(str_is(handset_last(&s->bob, ENTRY_MESSAGE)->quote, "where shall we meet?"));
    sees(s, &s->bob, "in:where shall we meet? edited [" THUMB "]\ndelivered:at the bridge reply\n");
    sees(s, &s->alice,
         "delivered:where shall we meet? edited [" THUMB "]\nin:at the bridge reply\n");
    sees(s, &s->alice2,
         "delivered:where shall we meet? edited [" THUMB "]\nin:at the bridge reply\n");
    answer = s->id;
    correct_reply(s, &s->bob, answer,
                  "at the tower"); /* it stays an answer, for all programs (XEP-0308 §3) */
    assert_true(str_is(handset_last(&s->alice, ENTRY_CORRECTION)->quote, "where shall we meet?"));
    sees(s, &s->alice,
         "delivered:where shall we meet? edited [" THUMB "]\nin:at the tower edited reply\n");
    sees(s, &s->bob,
         "in:where shall we meet? edited [" THUMB "]\ndelivered:at the tower edited reply\n");
    retract(s, &s->bob, answer);
    react(s, &s->bob, first, "");
    sees(s, &s->bob, "in:where shall we meet? edited\ndelivered: edited retracted reply\n");
    sees(s, &s->alice2, "delivered:where shall we meet? edited\nin: edited retracted reply\n");
}

/* For OMEMO 0.3 a message of ours has an origin-id of its own, and some programs name that. */
static void either_form_is_named(void **state)
{
    struct scene *s = *state;
    struct str first, old_form;

    start_all(s);
    write_text(s, &s->alice, "one");
    first = s->id;
    old_form = arena_concat(&s->arena, first, STR("-03"));
    react(s, &s->bob, old_form, THUMB);
    reply(s, &s->bob, old_form, "one", "two");
    sees(s, &s->alice, "delivered:one [" THUMB "]\nin:two reply\n");
}

/* A device that was away learns it all from the archive, in its order. */
static void everything_is_caught_up_with(void **state)
{
    struct scene *s = *state;
    struct str first;

    start_all(s);
    handset_crash(&s->alice2);
    handset_crash(&s->bob);
    write_text(s, &s->alice, "one");
    first = s->id;
    correct(s, &s->alice, first, "two");
    correct(s, &s->alice, first, "three");
    react(s, &s->alice, first, THUMB);
    start(s, &s->bob);
    start(s, &s->alice2);
    sees(s, &s->bob, "in:three edited [" THUMB "]\n");
    sees(s, &s->alice2, "delivered:three edited [" THUMB "]\n");
}

static void waits_without_a_connection(void **state)
{
    struct scene *s = *state;

    start_all(s);
    write_text(s, &s->alice, "one");
    handset_cut(&s->alice);
    engine_now(s->alice.engine, s->alice.now_ms);
    assert_int_equal(
        engine_correct(s->alice.engine, &s->arena, &s->bob_jid, s->id, NULL, STR("two"), &s->id),
        ERR_NONE);
    assert_int_equal(
        engine_react(s->alice.engine, &s->arena, &s->bob_jid, s->id, STR(THUMB), &s->id), ERR_NONE);
    while (handset_turn(&s->alice)) {
    }
    handset_crash(&s->alice);
    pass(s);
    start(s, &s->alice);
    sees(s, &s->bob, "in:two edited [" THUMB "]\n");
    sees(s, &s->alice, "delivered:two edited [" THUMB "]\n");
}

static void refuses_nonsense(void **state)
{
    struct scene *s = *state;
    struct engine *c;
    struct str id = STR("none"), long_id;

    start_all(s);
    c = s->alice.engine;
    long_id = (struct str){ arena_alloc(&s->arena, 2000), 2000 };
    assert_int_equal(engine_correct(c, &s->arena, &s->bob_jid, STR_NONE, NULL, STR("x"), &id),
                     ERR_MALFORMED);
    assert_int_equal(engine_correct(c, &s->arena, &s->bob_jid, STR("i"), NULL, STR_NONE, &id),
                     ERR_MALFORMED);
    assert_int_equal(
        engine_correct(c, &s->arena, &s->bob_jid, STR("i"), &(struct entry){ 0 }, STR("x"), &id),
        ERR_MALFORMED);
    assert_int_equal(engine_retract(c, &s->arena, &s->bob_jid, long_id, &id), ERR_MALFORMED);
    assert_int_equal(engine_reply(c, &s->arena, &s->bob_jid, STR("i"), STR_NONE, &id),
                     ERR_MALFORMED);
    assert_int_equal(engine_react(c, &s->arena, &s->bob_jid, STR("i"), STR("words"), &id),
                     ERR_MALFORMED);
    assert_int_equal(engine_react(c, &s->arena, &s->bob_jid, STR_NONE, STR(THUMB), &id),
                     ERR_MALFORMED);
    assert_int_equal(engine_send_text(c, &s->arena, &s->bob_jid, STR_NONE, &id), ERR_MALFORMED);
    assert_int_equal(engine_send_text(c, &s->arena, &s->bob_jid, STR("\1"), &id), ERR_MALFORMED);
    assert_int_equal(engine_read(c, &s->bob_jid, STR("i")), ERR_MISSING);
    run(s);
    assert_true(str_is(id, "none"));
    assert_int_equal(s->alice.entry_count, 0);
}

static enum err read_it(struct scene *s, struct handset *h, struct str id)
{
    enum err e;

    engine_now(h->engine, h->now_ms);
    e = engine_read(h->engine, other(s, h), id);
    run(s);
    pass(s);
    return e;
}

static void reading_is_told(void **state)
{
    struct scene *s = *state;
    struct str second;

    start_all(s);
    write_text(s, &s->bob, "one");
    write_text(s, &s->bob, "two");
    second = s->id;
    write_text(s, &s->bob, "three");
    assert_int_equal(read_it(s, &s->alice, second), ERR_NONE);
    sees(s, &s->bob, "read:one\nread:two\ndelivered:three\n");
    assert_true(str_eq(handset_last(&s->alice2, ENTRY_READ)->target, second));
    assert_true(handset_last(&s->alice2, ENTRY_READ)->outgoing);
    assert_int_equal(read_it(s, &s->alice, second), ERR_MISSING);
    assert_int_equal(read_it(s, &s->alice2, STR_NONE), ERR_NONE); /* the newest */
    sees(s, &s->bob, "read:one\nread:two\nread:three\n");
    assert_int_equal(count(&s->alice, ENTRY_READ, true), 2);
    assert_int_equal(count(&s->alice2, ENTRY_READ, true), 2);
    assert_int_equal(read_it(s, &s->alice, STR_NONE), ERR_MISSING);
}

/* A device that was away hears of it before it has the messages, or after. */
static void reading_is_caught_up_with(void **state)
{
    struct scene *s = *state;

    start_all(s);
    write_text(s, &s->bob, "before");
    handset_crash(&s->alice2);
    write_text(s, &s->bob, "meanwhile");
    assert_int_equal(read_it(s, &s->alice, STR_NONE), ERR_NONE);
    start(s, &s->alice2);
    assert_int_equal(count(&s->alice2, ENTRY_READ, true), 1);
    assert_int_equal(read_it(s, &s->alice2, STR_NONE), ERR_MISSING);
    write_text(s, &s->bob, "after");
    assert_int_equal(read_it(s, &s->alice2, STR_NONE), ERR_NONE);
    assert_int_equal(count(&s->alice, ENTRY_READ, true), 2);
}

/* Without a connection it is noted, told when there is one, and only once. */
static void reading_waits(void **state)
{
    struct scene *s = *state;

    start_all(s);
    write_text(s, &s->bob, "one");
    handset_cut(&s->alice);
    assert_int_equal(engine_read(s->alice.engine, &s->bob_jid, STR_NONE), ERR_NONE);
    while (handset_turn(&s->alice)) {
    }
    handset_crash(&s->alice);
    sees(s, &s->bob, "delivered:one\n");
    start(s, &s->alice);
    sees(s, &s->bob, "read:one\n");
    handset_crash(&s->alice);
    start(s, &s->alice);
    assert_int_equal(count(&s->bob, ENTRY_READ, false), 1);
}

static void strangers_are_told_nothing(void **state)
{
    struct scene *s = *state;

    start_all(s);
    write_text(s, &s->bob, "who are you?");
    sees(s, &s->alice, "in:who are you?\n");
    assert_int_equal(read_it(s, &s->alice, STR_NONE), ERR_NONE);
    engine_typing(s->alice.engine, &s->bob_jid, true);
    run(s);
    sees(s, &s->bob, "sent:who are you?\n");
    assert_int_equal(s->bob.seen[ENGINE_TYPING], 0);
    assert_int_equal(count(&s->alice2, ENTRY_READ, true), 1); /* our own devices may know */
}

static void typing_is_seen(void **state)
{
    struct scene *s = *state;

    start_all(s);
    engine_typing(s->alice.engine, &s->bob_jid, true);
    engine_typing(s->alice.engine, &s->bob_jid, true);
    run(s);
    assert_int_equal(s->bob.seen[ENGINE_TYPING], 1);
    assert_true(s->bob.typing);
    engine_typing(s->alice.engine, &s->bob_jid, false);
    engine_typing(s->alice.engine, &s->bob_jid, false);
    run(s);
    assert_int_equal(s->bob.seen[ENGINE_TYPING], 2);
    assert_false(s->bob.typing);
    engine_typing(s->alice.engine, &s->bob_jid, true);
    write_text(s, &s->alice, "done");
    assert_int_equal(s->bob.seen[ENGINE_TYPING], 4);
    assert_false(s->bob.typing);
    assert_int_equal(s->alice2.seen[ENGINE_TYPING], 0);
}

/* Nothing is kept for who is not there. */
static void typing_is_not_stored(void **state)
{
    struct scene *s = *state;

    start_all(s);
    handset_crash(&s->bob);
    pass(s);
    engine_typing(s->alice.engine, &s->bob_jid, true);
    run(s);
    start(s, &s->bob);
    assert_int_equal(s->bob.seen[ENGINE_TYPING], 0);
    assert_int_equal(s->bob.entry_count, 0);
}

/* ---- What disappears ------------------------------------------------------------------------------- */

static void pass_time(struct scene *s, uint64_t ms)
{
    s->alice.now_ms += ms;
    s->alice2.now_ms = s->bob.now_ms = s->alice.now_ms;
    world_advance(s->world, ms);
    run(s);
}

static void set_timer(struct scene *s, struct handset *h, uint32_t seconds)
{
    engine_now(h->engine, h->now_ms);
    done(s, engine_set_timer(h->engine, &s->arena, other(s, h), seconds, &s->id));
}

enum { MINUTE = 60 * 1000 };

static void messages_disappear(void **state)
{
    struct scene *s = *state;

    start_all(s);
    write_text(s, &s->alice, "stays");
    set_timer(s, &s->alice, 600);
    assert_int_equal(handset_last(&s->bob, ENTRY_TIMER)->expires_s, 600);
    assert_int_equal(handset_last(&s->alice2, ENTRY_TIMER)->expires_s, 600);
    assert_int_equal(engine_timer(s->bob.engine, &s->alice_jid), 600);
    write_text(s, &s->alice, "goes");
    correct(s, &s->alice, s->id, "goes, too");
    write_text(s, &s->bob, "an answer"); /* under the same timer */
    assert_int_equal(handset_last(&s->alice, ENTRY_MESSAGE)->expires_s, 600);
    pass_time(s, 11 * MINUTE);
    sees(s, &s->alice,
         "delivered:stays\nsent:\nin:an answer\n"); /* the timer has a line of its own */
    sees(s, &s->alice2, "delivered:stays\nsent:\nin:an answer\n");
    sees(s, &s->bob, "in:stays\nin:\nin:goes, too edited\n");
    assert_int_equal(read_it(s, &s->bob, STR_NONE), ERR_NONE);
    assert_int_equal(read_it(s, &s->alice2, STR_NONE), ERR_NONE); /* the first hears of it */
    sees(s, &s->bob, "in:stays\nin:\nin:goes, too edited\n");
    pass_time(s, 11 * MINUTE);
    sees(s, &s->bob, "in:stays\nin:\n");
    sees(s, &s->alice, "delivered:stays\nsent:\n"); /* what was read later is not here to say so */
    sees(s, &s->alice2, "delivered:stays\nsent:\n");
    assert_int_equal(s->bob.seen[ENGINE_ERASED], 3);
    assert_int_equal(s->alice.seen[ENGINE_ERASED], 3);
    set_timer(s, &s->bob, 0);
    write_text(s, &s->alice, "stays again");
    pass_time(s, 11 * MINUTE);
    assert_int_equal(handset_count(&s->alice, "stays again", true), 1);
}

/* Time goes on while the program does not run; what was not read is not gone. */
static void disappears_at_the_start(void **state)
{
    struct scene *s = *state;

    start_all(s);
    set_timer(s, &s->bob, 60);
    write_text(s, &s->bob, "read");
    assert_int_equal(read_it(s, &s->alice, STR_NONE), ERR_NONE);
    write_text(s, &s->bob, "unread");
    handset_crash(&s->alice);
    pass_time(s, 5 * MINUTE);
    assert_int_equal(handset_count(&s->alice, "read", false), 1);
    assert_int_equal(handset_count(&s->bob, "unread", true), 0);
    handset_start(&s->alice);
    handset_cut(&s->alice); /* it needs no server for that */
    while (handset_turn(&s->alice)) {
    }
    assert_int_equal(handset_count(&s->alice, "read", false), 0);
    assert_int_equal(handset_count(&s->alice, "unread", false), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A note to oneself goes to one's other devices; where there is none, it says so instead of waiting. */
static void notes_to_oneself(void **state)
{
    struct scene *s = *state;

    start(s, &s->alice);
    done(s, engine_send_text(s->alice.engine, &s->arena, &s->alice_jid, STR("milk"), &s->id));
    assert_true(str_is(handset_last(&s->alice, ENTRY_FAILED)->text,
                       "You have no other device that could get this."));
    start(s, &s->alice2);
    done(s, engine_send_text(s->alice.engine, &s->arena, &s->alice_jid, STR("bread"), &s->id));
    assert_true(str_is(handset_last(&s->alice2, ENTRY_MESSAGE)->text, "bread"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(notes_to_oneself),
        TEST(everything_reaches_all_devices),
        TEST(either_form_is_named),
        TEST(everything_is_caught_up_with),
        TEST(waits_without_a_connection),
        TEST(refuses_nonsense),
        TEST(reading_is_told),
        TEST(reading_is_caught_up_with),
        TEST(reading_waits),
        cmocka_unit_test_setup_teardown(strangers_are_told_nothing, set_up_strangers, tear_down),
        TEST(typing_is_seen),
        TEST(typing_is_not_stored),
        TEST(messages_disappear),
        TEST(disappears_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
