/* test_engine.c: people with our engine on the server's engine, end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/client/handset.h"

struct scene {
    struct world *world;
    struct handset alice, alice2, bob;
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
    *state = s;
    return 0;
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
    assert_int_equal(h->seen[ENGINE_ONLINE], 1);
    assert_int_equal(h->seen[ENGINE_CAUGHT_UP], 1);
    h->seen[ENGINE_ONLINE] = h->seen[ENGINE_CAUGHT_UP] = 0;
}

static void talk(void **state)
{
    struct scene *s = *state;
    const struct entry *e;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "hello");
    run(s);
    assert_int_equal(handset_count(&s->bob, "hello", false), 1);
    e = handset_last(&s->bob, ENTRY_MESSAGE);
    assert_int_equal(e->encryption, ENCRYPTION_OMEMO_2);
    assert_true(str_is(e->author, "alice@sotto.test") && str_is(e->chat, "alice@sotto.test"));
    assert_non_null(handset_last(&s->alice, ENTRY_SENT));
    assert_non_null(handset_last(&s->alice, ENTRY_DELIVERED));
    handset_write(&s->bob, "alice@sotto.test", "hello yourself");
    run(s);
    assert_int_equal(handset_count(&s->alice, "hello yourself", false), 1);
}

static void reads_what_came_meanwhile(void **state)
{
    struct scene *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "one");
    run(s);
    handset_crash(&s->bob);
    for (int i = 0; i < 250; i++) { /* more than two pages */
        handset_write(&s->alice, "bob@sotto.test", "more");
        run(s);
    }
    start(s, &s->bob);
    assert_int_equal(handset_count(&s->bob, "one", false), 1);
    assert_int_equal(handset_count(&s->bob, "more", false), 250);
    assert_null(handset_last(&s->bob, ENTRY_SEALED));
}

static void other_devices_see_it(void **state)
{
    struct scene *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    start(s, &s->alice2);
    handset_write(&s->alice, "bob@sotto.test", "from the first");
    run(s);
    assert_int_equal(handset_count(&s->alice2, "from the first", true), 1);
    handset_write(&s->bob, "alice@sotto.test", "for both");
    run(s);
    assert_int_equal(handset_count(&s->alice, "for both", false), 1);
    assert_int_equal(handset_count(&s->alice2, "for both", false), 1);
    handset_write(&s->alice2, "bob@sotto.test", "from the second");
    run(s);
    assert_int_equal(handset_count(&s->alice, "from the second", true), 1);
    assert_int_equal(handset_count(&s->bob, "from the second", false), 1);
}

/* What was written is sent after the program comes back, once. */
static void outbox_survives(void **state)
{
    struct scene *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_cut(&s->alice);
    handset_write(&s->alice, "bob@sotto.test", "written on a train");
    while (handset_turn(&s->alice)) {
    }
    handset_crash(&s->alice);
    assert_int_equal(handset_count(&s->bob, "written on a train", false), 0);
    start(s, &s->alice);
    assert_int_equal(handset_count(&s->bob, "written on a train", false), 1);
    assert_int_equal(handset_count(&s->alice, "written on a train", true), 1);
}

/* Nothing leaves, and nothing is shown, before what it rests on is durable. */
static void waits_for_the_store(void **state)
{
    struct scene *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    s->alice.hold_commits = true;
    handset_write(&s->alice, "bob@sotto.test", "not stored yet");
    run(s);
    assert_int_equal(handset_count(&s->bob, "not stored yet", false), 0);
    assert_int_equal(s->alice.shown_count, 0);
    s->alice.hold_commits = false;
    run(s);
    assert_int_equal(handset_count(&s->bob, "not stored yet", false), 1);

    s->bob.hold_commits = true;
    handset_write(&s->alice, "bob@sotto.test", "not received yet");
    run(s);
    handset_crash(&s->bob); /* it knows nothing of the message, so the server must not think so */
    s->bob.hold_commits = false;
    start(s, &s->bob);
    assert_int_equal(handset_count(&s->bob, "not received yet", false), 1);
}

static struct str fingerprint_of(struct scene *s, struct handset *h, struct arena *a)
{
    uint32_t device;

    (void)s;
    return engine_fingerprint(h->engine, a, &device);
}

/* Who compared a key once wants to know of new ones before he writes to them. */
static void asks_after_verification(void **state)
{
    struct scene *s = *state;
    struct arena a = { 0 };

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->bob, "alice@sotto.test", "hello");
    run(s);
    assert_int_equal(s->bob.seen[ENGINE_DEVICE], 1);
    assert_int_equal(engine_decide(s->bob.engine, STR("alice@sotto.test"),
                                   fingerprint_of(s, &s->alice, &a), TRUST_VERIFY),
                     ERR_NONE);
    start(s, &s->alice2);
    handset_write(&s->bob, "alice@sotto.test", "is that you?");
    run(s);
    assert_int_equal(s->bob.seen[ENGINE_DEVICE], 2);
    assert_int_equal(handset_count(&s->alice, "is that you?", false), 0);
    assert_int_equal(
        engine_decide(s->bob.engine, STR("alice@sotto.test"), STR("no fingerprint"), TRUST_APPROVE),
        ERR_MALFORMED);
    assert_int_equal(engine_decide(s->bob.engine, STR("alice@sotto.test"),
                                   fingerprint_of(s, &s->alice2, &a), TRUST_APPROVE),
                     ERR_NONE);
    run(s);
    assert_int_equal(handset_count(&s->alice, "is that you?", false), 1);
    assert_int_equal(handset_count(&s->alice2, "is that you?", false), 1);
    arena_deinit(&a);
}

static void leaves_out_distrusted_devices(void **state)
{
    struct scene *s = *state;
    struct arena a = { 0 };

    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
    handset_write(&s->bob, "alice@sotto.test", "for both");
    run(s);
    assert_int_equal(engine_decide(s->bob.engine, STR("alice@sotto.test"),
                                   fingerprint_of(s, &s->alice2, &a), TRUST_DISTRUST),
                     ERR_NONE);
    handset_write(&s->bob, "alice@sotto.test", "for one");
    run(s);
    assert_int_equal(handset_count(&s->alice, "for one", false), 1);
    assert_int_equal(handset_count(&s->alice2, "for both", false), 1);
    assert_int_equal(handset_count(&s->alice2, "for one", false), 0);
    arena_deinit(&a);
}

/* A new device of ours asks the others of our own account in the same way, and is told to them. */
static void tells_of_new_devices(void **state)
{
    struct scene *s = *state;

    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "hello");
    run(s);
    assert_int_equal(s->alice.seen[ENGINE_DEVICE], 2);
    assert_true(handset_last(&s->bob, ENTRY_MESSAGE)->trust == ENTRY_TRUST_TRUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(talk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_what_came_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_devices_see_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outbox_survives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_for_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_after_verification, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_out_distrusted_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_of_new_devices, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
