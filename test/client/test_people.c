/* test_people.c: people on our engine and the server's decide about each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/invitation.h"
#include "client/people.h"
#include "test/client/trio.h"

static void start(struct trio *s, struct handset *h)
{
    handset_start(h);
    trio_run(s);
}

static enum err add(struct trio *s, struct handset *h, const char *whom, const char *name)
{
    struct jid j = trio_jid(s, whom);

    return engine_add_contact(h->engine, &j, str_from(name));
}

static enum err remove_contact(struct trio *s, struct handset *h, const char *whom)
{
    struct jid j = trio_jid(s, whom);

    return engine_remove_contact(h->engine, &j);
}

static enum err rename_contact(struct trio *s, struct handset *h, const char *whom,
                               const char *name)
{
    struct jid j = trio_jid(s, whom);

    return engine_rename_contact(h->engine, &j, str_from(name));
}

static enum err answer(struct trio *s, struct handset *h, const char *whom, bool accept)
{
    struct jid j = trio_jid(s, whom);

    return engine_answer(h->engine, &j, accept);
}

static struct contact contact(struct handset *h, const char *whom)
{
    struct contact out;

    assert_true(engine_contact(h->engine, str_from(whom), &out));
    return out;
}

static bool has_contact(struct handset *h, const char *whom)
{
    struct contact out;

    return engine_contact(h->engine, str_from(whom), &out);
}

static size_t count_contacts(struct handset *h)
{
    struct contact out;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_contact(h->engine, &cursor, &out);)
        n++;
    return n;
}

static bool heard(struct handset *h, enum contact_change change, const char *whom)
{
    for (size_t i = 0; i < h->change_count; i++)
        if (h->changes[i].change == change && str_is(h->changes[i].jid, whom))
            return true;
    return false;
}

/* ---- Adding and answering --------------------------------------------------------------------------- */

#define ALICE "alice@sotto.test"
#define BOB   "bob@sotto.test"

static void both_see_each_other(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
    assert_int_equal(add(s, &s->alice, BOB, "Bob"), ERR_NONE);
    assert_true(contact(&s->alice, BOB).waiting); /* at once, though nobody has answered yet */
    assert_true(str_is(contact(&s->alice, BOB).name, "Bob"));
    trio_run(s);
    assert_false(contact(&s->alice, BOB).waiting);
    assert_true(contact(&s->alice, BOB).asked && contact(&s->alice, BOB).approved);
    assert_true(heard(&s->alice2, CONTACT_ADDED, BOB)); /* our other device hears of it */
    assert_true(str_is(contact(&s->alice2, BOB).name, "Bob"));
    assert_true(heard(&s->bob, CONTACT_ASKS, ALICE));
    assert_true(contact(&s->bob, ALICE).asks && !contact(&s->bob, ALICE).listed);
    assert_int_equal(count_contacts(&s->bob), 1);
    assert_int_equal(answer(s, &s->bob, ALICE, true), ERR_NONE);
    trio_run(s);
    assert_int_equal(contact(&s->alice, BOB).subscription, SUBSCRIPTION_BOTH);
    assert_int_equal(contact(&s->bob, ALICE).subscription, SUBSCRIPTION_BOTH);
    assert_false(contact(&s->bob, ALICE).asks);
    assert_true(heard(&s->alice, CONTACT_GRANTED, BOB) && heard(&s->bob, CONTACT_GRANTED, ALICE));
    assert_false(heard(&s->alice, CONTACT_ASKS, BOB)); /* granted beforehand */
    assert_int_equal(contact(&s->alice, BOB).show, SHOW_ONLINE);
    assert_int_equal(contact(&s->bob, ALICE).show, SHOW_ONLINE);
    assert_int_equal(answer(s, &s->bob, ALICE, true), ERR_MISSING);
}

static void refusals_are_told(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    assert_int_equal(add(s, &s->alice, BOB, ""), ERR_NONE);
    trio_run(s);
    assert_int_equal(answer(s, &s->bob, ALICE, false), ERR_NONE);
    trio_run(s);
    assert_true(heard(&s->alice, CONTACT_REFUSED, BOB));
    assert_int_equal(contact(&s->alice, BOB).subscription, SUBSCRIPTION_NONE);
    assert_false(has_contact(&s->bob, ALICE));
}

/* A request waits for the person, be it for months: it is there again after each start, and told of once. */
static void requests_survive(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    assert_int_equal(add(s, &s->alice, BOB, ""), ERR_NONE);
    trio_run(s);
    handset_crash(&s->bob);
    handset_start(&s->bob);
    assert_true(contact(&s->bob, ALICE).asks); /* before there is a connection */
    trio_run(s);
    assert_false(heard(&s->bob, CONTACT_ASKS, ALICE));
    assert_int_equal(answer(s, &s->bob, ALICE, true), ERR_NONE);
    trio_run(s);
    assert_int_equal(contact(&s->alice, BOB).subscription, SUBSCRIPTION_BOTH);
}

/* ---- Without a connection --------------------------------------------------------------------------- */

static void drain(struct handset *h)
{
    while (handset_turn(h)) {
    }
}

static void decisions_survive(void **state)
{
    struct trio *s = *state;

    start(s, &s->bob);
    start(s, &s->alice);
    assert_int_equal(add(s, &s->alice, BOB, "Bob"), ERR_NONE);
    trio_run(s);
    handset_cut(&s->alice);
    handset_cut(&s->bob);
    assert_int_equal(rename_contact(s, &s->alice, BOB, "Robert"), ERR_NONE);
    assert_int_equal(rename_contact(s, &s->alice, "eve@sotto.test", "Eve"), ERR_MISSING);
    assert_int_equal(answer(s, &s->bob, ALICE, true), ERR_NONE);
    drain(&s->alice);
    drain(&s->bob);
    handset_crash(&s->alice);
    handset_crash(&s->bob);
    start(s, &s->alice);
    start(s, &s->bob);
    assert_int_equal(contact(&s->alice, BOB).subscription, SUBSCRIPTION_BOTH);
    assert_true(str_is(contact(&s->alice, BOB).name, "Robert"));
    assert_false(contact(&s->alice, BOB).waiting);
    start(s, &s->alice2);
    assert_true(str_is(contact(&s->alice2, BOB).name, "Robert"));
}

/* The last decision counts, and no older one is carried out first if the server has not got it. */
static void the_last_decision_counts(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_cut(&s->alice);
    assert_int_equal(add(s, &s->alice, BOB, "Bob"), ERR_NONE);
    assert_int_equal(remove_contact(s, &s->alice, BOB), ERR_NONE);
    assert_false(has_contact(&s->alice, BOB));
    drain(&s->alice);
    s->alice.now_ms += 120 * 1000;
    trio_run(s);
    assert_false(has_contact(&s->alice, BOB));
    assert_false(heard(&s->bob, CONTACT_ASKS, ALICE));
    assert_false(heard(&s->alice, CONTACT_FAILED, BOB)); /* who is not there need not be removed */
    handset_cut(&s->alice);
    assert_int_equal(add(s, &s->alice, BOB, "Bob"), ERR_NONE);
    assert_int_equal(remove_contact(s, &s->alice, BOB), ERR_NONE);
    assert_int_equal(add(s, &s->alice, BOB, "Bobby"), ERR_NONE);
    s->alice.now_ms += 240 * 1000;
    trio_run(s);
    assert_true(str_is(contact(&s->alice, BOB).name, "Bobby"));
    assert_true(heard(&s->bob, CONTACT_ASKS, ALICE));
}

static void removal_ends_both_sides(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    assert_int_equal(add(s, &s->alice, BOB, ""), ERR_NONE);
    trio_run(s);
    assert_int_equal(answer(s, &s->bob, ALICE, true), ERR_NONE);
    trio_run(s);
    assert_int_equal(remove_contact(s, &s->alice, BOB), ERR_NONE);
    assert_int_equal(count_contacts(&s->alice), 0);
    trio_run(s);
    assert_true(heard(&s->alice, CONTACT_REMOVED, BOB));
    assert_true(heard(&s->bob, CONTACT_REFUSED, ALICE));
    assert_int_equal(contact(&s->bob, ALICE).subscription, SUBSCRIPTION_NONE);
    assert_int_equal(contact(&s->bob, ALICE).show, SHOW_OFFLINE);
    assert_int_equal(remove_contact(s, &s->alice, BOB), ERR_MISSING);
}

/* The server says no: it is told in words, and nothing is tried again. */
static void server_refuses(void **state)
{
    struct trio *s = *state;

    assert_true(world_config(s->world, STR("limits.roster_items"), STR("1")));
    start(s, &s->alice);
    start(s, &s->bob);
    assert_int_equal(add(s, &s->alice, BOB, ""), ERR_NONE);
    assert_int_equal(add(s, &s->alice, "eve@sotto.test", "Eve"), ERR_NONE);
    trio_run(s);
    assert_true(heard(&s->alice, CONTACT_FAILED, "eve@sotto.test")
                != heard(&s->alice, CONTACT_FAILED, BOB));
    assert_int_equal(count_contacts(&s->alice), 1);
    for (size_t i = 0; i < s->alice.change_count; i++)
        assert_true(s->alice.changes[i].change != CONTACT_FAILED
                    || str_is(s->alice.changes[i].text, "Your contact list is full."));
    assert_true(engine_is_settled(s->alice.engine));
}

static void wrong_addresses(void **state)
{
    struct trio *s = *state;
    char long_name[600];

    for (size_t i = 0; i < sizeof long_name; i++)
        long_name[i] = i + 1 < sizeof long_name ? 'x' : '\0';
    start(s, &s->alice);
    assert_int_equal(add(s, &s->alice, ALICE, ""), ERR_MALFORMED);
    assert_int_equal(add(s, &s->alice, "bob@sotto.test/phone", ""), ERR_MALFORMED);
    assert_int_equal(add(s, &s->alice, "sotto.test", ""), ERR_MALFORMED);
    assert_int_equal(add(s, &s->alice, BOB, "a\033[31m"), ERR_MALFORMED);
    assert_int_equal(add(s, &s->alice, BOB, long_name), ERR_TOO_BIG);
    assert_int_equal(remove_contact(s, &s->alice, BOB), ERR_MISSING);
    assert_int_equal(count_contacts(&s->alice), 0);
}

/* ---- Who is there ----------------------------------------------------------------------------------- */

static void devices_are_folded(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
    assert_int_equal(add(s, &s->alice, BOB, ""), ERR_NONE);
    trio_run(s);
    assert_int_equal(answer(s, &s->bob, ALICE, true), ERR_NONE);
    trio_run(s);
    assert_int_equal(contact(&s->bob, ALICE).show, SHOW_ONLINE);
    handset_crash(&s->alice2);
    world_advance(s->world, 3600 * 1000); /* nobody resumes it */
    trio_run(s);
    assert_int_equal(contact(&s->bob, ALICE).show, SHOW_ONLINE);
    handset_cut(&s->bob); /* what one knew is not what is */
    assert_int_equal(contact(&s->bob, ALICE).show, SHOW_OFFLINE);
}

/* XEP-0401 §5, on our server. */
static void invitations_come(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    engine_invite(s->alice.engine);
    trio_run(s);
    assert_int_equal(s->alice.seen[ENGINE_INVITATION], 1);
    assert_true(
        str_starts(s->alice.told[ENGINE_INVITATION], STR("xmpp:alice@sotto.test?roster;preauth=")));
}

/* Taken back once; then it is none any more. */
static void invitations_go(void **state)
{
    struct trio *s = *state;
    struct arena a = { 0 };
    struct str link;

    start(s, &s->alice);
    engine_invite(s->alice.engine);
    trio_run(s);
    link = arena_str(&a, s->alice.told[ENGINE_INVITATION]);
    assert_int_equal(engine_take_back(s->alice.engine, link), ERR_NONE);
    trio_run(s);
    assert_int_equal(s->alice.seen[ENGINE_INVITATION], 2);
    assert_int_equal(s->alice.told[ENGINE_INVITATION].n, 0);
    assert_int_equal(engine_take_back(s->alice.engine, link), ERR_NONE);
    trio_run(s);
    assert_true(str_starts(s->alice.told[ENGINE_INVITATION], STR("That is no invitation")));
    assert_int_equal(engine_take_back(s->alice.engine, STR("not a link")), ERR_MALFORMED);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_see_each_other, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_told, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(requests_survive, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(decisions_survive, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(the_last_decision_counts, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(removal_ends_both_sides, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(server_refuses, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(wrong_addresses, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(devices_are_folded, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(invitations_go, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(invitations_come, trio_set_up, trio_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
