/* test_mend.c: sessions that are lost and found again, prekeys that are used up, keys that grow old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "client/keys.h"
#include "test/client/trio.h"

#define ALICE "alice@sotto.test"
#define BOB   "bob@sotto.test"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static void say(struct trio *s, struct handset *from, const char *text)
{
    handset_write(from, from == &s->alice ? BOB : ALICE, text);
    trio_run(s);
}

static void begin(struct trio *s)
{
    handset_start(&s->alice);
    handset_start(&s->bob);
    trio_run(s);
    say(s, &s->alice, "hello");
    say(s, &s->bob, "hello yourself");
}

static void assert_talk(struct trio *s, const char *one, const char *other)
{
    say(s, &s->alice, one);
    say(s, &s->bob, other);
    assert_int_equal(handset_count(&s->bob, one, false), 1);
    assert_int_equal(handset_count(&s->alice, other, false), 1);
}

static unsigned sealed(const struct handset *h)
{
    unsigned n = 0;

    for (size_t i = 0; i < h->entry_count; i++)
        n += h->entries[i].kind == ENTRY_SEALED;
    return n;
}

/* One message is lost, the next ones are not, in both directions. */
static void heals_a_lost_session(void **state)
{
    struct trio *s = *state;

    begin(s);
    handset_crash(&s->bob);
    handset_lose_sessions(&s->bob);
    handset_start(&s->bob);
    trio_run(s);
    say(s, &s->alice, "lost");
    assert_int_equal(handset_count(&s->bob, "lost", false), 0);
    assert_int_equal(sealed(&s->bob), 1);
    assert_talk(s, "found", "again");
    assert_int_equal(sealed(&s->bob) + sealed(&s->alice), 1);
}

/* What failed in the archive is mended once, when it has been read. */
static void heals_after_the_archive(void **state)
{
    struct trio *s = *state;

    begin(s);
    handset_crash(&s->bob);
    handset_lose_sessions(&s->bob);
    for (int i = 0; i < 5; i++)
        say(s, &s->alice, "lost");
    handset_start(&s->bob);
    trio_run(s);
    assert_int_equal(sealed(&s->bob), 5);
    assert_talk(s, "found", "again");
    assert_int_equal(sealed(&s->bob) + sealed(&s->alice), 5);
}

/* Both lost everything at the same time: two beginnings meet. */
static void heals_on_both_sides(void **state)
{
    struct trio *s = *state;

    begin(s);
    handset_crash(&s->alice);
    handset_crash(&s->bob);
    handset_lose_sessions(&s->alice);
    handset_lose_sessions(&s->bob);
    handset_start(&s->alice);
    handset_start(&s->bob);
    trio_run(s);
    for (int i = 0; i < 3; i++)
        assert_talk(s, i == 0 ? "a1" : i == 1 ? "a2" : "a3", i == 0 ? "b1" : i == 1 ? "b2" : "b3");
}

/* A device comes back with an old copy of its store: its ratchets stand where they stood. */
static void heals_an_old_copy(void **state)
{
    static const char *const words[][2] = { { "x1", "y1" }, { "x2", "y2" }, { "x3", "y3" } };
    struct trio *s = *state;
    struct book copy;

    begin(s);
    handset_crash(&s->bob);
    handset_save(&s->bob, &copy);
    handset_start(&s->bob);
    trio_run(s);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_talk(s, words[i][0], words[i][1]);
    handset_crash(&s->bob);
    handset_restore(&s->bob, &copy);
    book_deinit(&copy);
    handset_start(&s->bob);
    trio_run(s);
    say(s, &s->alice, "do you read me?");
    say(s, &s->bob, "perhaps");
    assert_talk(s, "now", "yes");
}

/* Somebody whom the person distrusts gets nothing of his own accord. */
static void heals_no_distrusted_device(void **state)
{
    struct trio *s = *state;
    struct arena a = { 0 };
    uint32_t device;

    begin(s);
    assert_int_equal(engine_decide(s->bob.engine, STR(ALICE),
                                   engine_fingerprint(s->alice.engine, &a, &device),
                                   TRUST_DISTRUST),
                     ERR_NONE);
    trio_run(s);
    handset_crash(&s->bob);
    handset_lose_sessions(&s->bob);
    handset_start(&s->bob);
    trio_run(s);
    say(s, &s->alice, "lost");
    say(s, &s->alice, "lost, too");
    assert_int_equal(handset_count(&s->bob, "lost, too", false), 0);
    assert_int_equal(sealed(&s->bob), 2);
    arena_deinit(&a);
}

static void pass_time(struct trio *s, uint64_t ms)
{
    s->alice.now_ms = s->bob.now_ms += ms;
    world_advance(s->world, ms);
    trio_run(s);
}

/* Who was away for longer than a signed prekey is kept reads what was begun with it all the same. */
static void reads_after_forty_days(void **state)
{
    struct trio *s = *state;

    handset_start(&s->bob);
    trio_run(s);
    handset_crash(&s->bob);
    pass_time(s, 39ull * DAY_MS);
    handset_start(&s->alice);
    trio_run(s);
    say(s, &s->alice, "where have you been?");
    pass_time(s, DAY_MS);
    handset_start(&s->bob);
    trio_run(s);
    pass_time(s, 5000); /* its token is stale: it comes again with the password */
    assert_int_equal(handset_count(&s->bob, "where have you been?", false), 1);
}

static uint32_t untold(const struct handset *h)
{
    return keys_untold(h->engine, OMEMO_2);
}

/* Prekeys that were used are told of once a connection, not each time; there are always a hundred. */
static void publishes_now_and_then(void **state)
{
    struct trio *s = *state;

    handset_start(&s->alice);
    handset_start(&s->bob);
    trio_run(s);
    assert_int_equal(untold(&s->bob), 0);
    say(s, &s->alice, "one");
    assert_int_equal(untold(&s->bob), 1);
    handset_crash(&s->bob);
    handset_start(&s->bob);
    trio_run(s);
    assert_int_equal(untold(&s->bob), 0);
    assert_int_equal(handset_count(&s->bob, "one", false), 1);
}

/* What did not reach the server is told of again. */
static void publishes_what_was_lost(void **state)
{
    struct trio *s = *state;

    handset_start(&s->bob);
    for (int i = 0; i < 40 && s->bob.seen[ENGINE_ONLINE] == 0; i++)
        (void)handset_turn(&s->bob);
    assert_int_equal(s->bob.seen[ENGINE_ONLINE], 1);
    handset_crash(&s->bob); /* its bundles were in the line, and go with it */
    handset_start(&s->bob);
    trio_run(s);
    assert_int_equal(untold(&s->bob), 0);
    handset_start(&s->alice);
    trio_run(s);
    say(s, &s->alice, "one");
    assert_int_equal(handset_count(&s->bob, "one", false), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heals_a_lost_session, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(heals_after_the_archive, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(heals_on_both_sides, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(heals_an_old_copy, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(heals_no_distrusted_device, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(reads_after_forty_days, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(publishes_now_and_then, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(publishes_what_was_lost, trio_set_up_contacts,
                                        trio_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
