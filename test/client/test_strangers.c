/* test_strangers.c: messages of people whom nobody has chosen: Carol is of another domain, Bob of Alice's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/people.h"
#include "test/client/trio.h"

#define ALICE "alice@sotto.test"
#define BOB   "bob@sotto.test"
#define CAROL "carol@twin.test"

struct scene {
    struct trio *trio;
    struct handset carol;
};

static int set_up(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    void *trio;

    trio_set_up(&trio);
    s->trio = trio;
    assert_true(world_config(s->trio->world, STR("server.domain"), STR("twin.test")));
    assert_true(world_account(s->trio->world, STR(CAROL), STR("secret"), SCRAM_ITERATIONS_MIN));
    handset_init(&s->carol, s->trio->world, CAROL, 4);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    void *trio = s->trio;

    handset_deinit(&s->carol);
    mem_free(s);
    return trio_tear_down(&trio);
}

static void run(struct scene *s)
{
    struct handset *const all[] = { &s->trio->alice, &s->trio->alice2, &s->trio->bob, &s->carol };

    handsets_run(all, COUNT_OF(all));
}

static void start(struct scene *s, struct handset *h)
{
    handset_start(h);
    run(s);
}

static void say(struct scene *s, struct handset *from, const char *to, const char *text)
{
    handset_write(from, to, text);
    run(s);
}

static enum err decide(struct scene *s, struct handset *h, const char *whom, bool accept)
{
    struct jid jid;
    enum err e;

    assert_int_equal(jid_parse(&s->trio->arena, str_from(whom), &jid), ERR_NONE);
    e = engine_answer_stranger(h->engine, &jid, accept);
    run(s);
    return e;
}

static size_t count_requests(struct handset *h)
{
    struct message_request r;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_request(h->engine, &cursor, &r);)
        n++;
    return n;
}

static struct message_request request(struct handset *h)
{
    struct message_request r = { 0 };
    size_t cursor = 0;

    assert_true(engine_next_request(h->engine, &cursor, &r));
    return r;
}

/* ---- What a stranger gets --------------------------------------------------------------------------- */

static void it_waits(void **state)
{
    struct scene *s = *state;
    struct message_request r;

    start(s, &s->trio->alice);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "I have papers for you.");
    say(s, &s->carol, ALICE, "Are you there?");
    assert_int_equal(handset_count(&s->trio->alice, "I have papers for you.", false), 0);
    assert_int_equal(s->trio->alice.seen[ENGINE_ENTRY] + s->trio->alice.seen[ENGINE_TYPING]
                         + s->trio->alice.seen[ENGINE_DEVICE],
                     0);
    assert_null(handset_last(&s->trio->alice, ENTRY_DEVICE));
    assert_int_equal(s->trio->alice.request_count, 2);
    assert_true(s->trio->alice.requests[0].held && str_is(s->trio->alice.requests[0].jid, CAROL));
    r = request(&s->trio->alice);
    assert_true(str_is(r.jid, CAROL) && r.held && r.count == 2);
    assert_true(str_is(r.text, "I have papers for you."));
    assert_true(people_is_stranger(s->trio->alice.engine, STR(CAROL)));
    assert_false(people_may_know(s->trio->alice.engine, STR(CAROL)));
    /* Nothing told her that anybody is there: the server has it, no more. */
    assert_non_null(handset_last(&s->carol, ENTRY_SENT));
    assert_null(handset_last(&s->carol, ENTRY_DELIVERED));
    assert_int_equal(s->carol.request_count, 0); /* no empty message either, which would be one */
}

static void it_survives_and_is_capped(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->carol);
    for (int i = 0; i < 12; i++)
        say(s, &s->carol, ALICE, "again and again");
    assert_int_equal(request(&s->trio->alice).count, 5);
    assert_int_equal(s->trio->alice.request_count, 5);
    handset_crash(&s->trio->alice);
    start(s, &s->trio->alice);
    assert_int_equal(request(&s->trio->alice).count, 5);
    assert_int_equal(handset_count(&s->trio->alice, "again and again", false), 0);
}

/* ---- What the person decides ------------------------------------------------------------------------ */

static void accepted(void **state)
{
    struct scene *s = *state;
    struct contact contact;

    start(s, &s->trio->alice);
    start(s, &s->trio->alice2);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "one");
    say(s, &s->carol, ALICE, "two");
    assert_int_equal(count_requests(&s->trio->alice2), 1);
    assert_int_equal(decide(s, &s->trio->alice, CAROL, true), ERR_NONE);
    assert_int_equal(handset_count(&s->trio->alice, "one", false), 1);
    assert_int_equal(handset_count(&s->trio->alice, "two", false), 1);
    assert_int_equal(count_requests(&s->trio->alice), 0);
    /* She is in the list, so our other device knows. */
    assert_int_equal(handset_count(&s->trio->alice2, "one", false), 1);
    assert_int_equal(count_requests(&s->trio->alice2), 0);
    assert_true(engine_contact(s->trio->alice2.engine, STR(CAROL), &contact) && contact.approved);
    assert_true(people_may_know(s->trio->alice2.engine, STR(CAROL)));
    say(s, &s->trio->alice, CAROL,
        "yes"); /* the server, too, keeps receipts from whom nobody writes to */
    say(s, &s->carol, ALICE, "three");
    assert_int_equal(handset_count(&s->trio->alice, "three", false), 1);
    assert_non_null(handset_last(&s->carol, ENTRY_DELIVERED));
    assert_int_equal(decide(s, &s->trio->alice, CAROL, true), ERR_MISSING);
}

static void written_back(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->trio->alice2);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "one");
    say(s, &s->trio->alice, CAROL, "who are you?");
    assert_int_equal(handset_count(&s->carol, "who are you?", false), 1);
    assert_int_equal(handset_count(&s->trio->alice, "one", false), 1);
    assert_int_equal(handset_count(&s->trio->alice2, "one", false), 1); /* by the carbon */
    say(s, &s->carol, ALICE, "Carol");
    assert_int_equal(handset_count(&s->trio->alice, "Carol", false), 1);
    assert_int_equal(handset_count(&s->trio->alice2, "Carol", false), 1);
    assert_null(handset_last(&s->carol, ENTRY_DELIVERED)); /* who may not see us learns nothing */
}

static void refused(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "one");
    assert_int_equal(decide(s, &s->trio->alice, CAROL, false), ERR_NONE);
    say(s, &s->carol, ALICE, "two");
    assert_int_equal(count_requests(&s->trio->alice), 0);
    assert_int_equal(s->trio->alice.request_count, 1);
    handset_crash(&s->trio->alice);
    start(s, &s->trio->alice);
    say(s, &s->carol, ALICE, "three");
    assert_int_equal(count_requests(&s->trio->alice), 0);
    assert_int_equal(s->trio->alice.seen[ENGINE_ENTRY], 0);
    assert_int_equal(decide(s, &s->trio->alice, CAROL, true), ERR_NONE); /* after all */
    say(s, &s->carol, ALICE, "four");
    assert_int_equal(handset_count(&s->trio->alice, "four", false), 1);
}

static void decided_without_a_connection(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "one");
    handset_cut(&s->trio->alice);
    assert_int_equal(decide(s, &s->trio->alice, CAROL, true), ERR_NONE);
    assert_int_equal(handset_count(&s->trio->alice, "one", false), 1);
    handset_crash(&s->trio->alice);
    start(s, &s->trio->alice);
    assert_true(people_may_know(s->trio->alice.engine, STR(CAROL)));
    assert_false(engine_waits_for(s->trio->alice.engine, STR(CAROL)));
}

/* ---- Our own server --------------------------------------------------------------------------------- */

static void of_our_server(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->trio->bob);
    say(s, &s->trio->bob, ALICE, "I am new here.");
    say(s, &s->trio->bob, ALICE, "Hello?");
    assert_int_equal(handset_count(&s->trio->alice, "I am new here.", false), 1);
    assert_int_equal(handset_count(&s->trio->alice, "Hello?", false), 1);
    assert_int_equal(s->trio->alice.request_count, 1); /* asked about once */
    assert_false(s->trio->alice.requests[0].held);
    assert_int_equal(request(&s->trio->alice).count, 0);
    assert_null(handset_last(&s->trio->bob, ENTRY_DELIVERED));
    assert_int_equal(decide(s, &s->trio->alice, BOB, false), ERR_NONE);
    say(s, &s->trio->bob, ALICE, "Hello??");
    assert_int_equal(handset_count(&s->trio->alice, "Hello??", false), 0);
    say(s, &s->trio->alice, BOB, "Sorry, that was a mistake.");
    say(s, &s->trio->bob, ALICE, "No harm done.");
    assert_int_equal(handset_count(&s->trio->alice, "No harm done.", false), 1);
    assert_int_equal(count_requests(&s->trio->alice), 0);
}

static void whom_we_wrote_first(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->carol);
    start(s, &s->trio->bob);
    say(s, &s->trio->alice, CAROL, "are you the printer?");
    assert_int_equal(request(&s->carol).count, 1); /* for her it is Alice who is the stranger */
    assert_int_equal(decide(s, &s->carol, ALICE, true), ERR_NONE);
    say(s, &s->carol, ALICE, "I am");
    assert_int_equal(handset_count(&s->trio->alice, "I am", false), 1);
    say(s, &s->trio->alice, BOB, "hello");
    say(s, &s->trio->bob, ALICE, "hello yourself");
    assert_int_equal(s->trio->alice.request_count, 0);
}

/* ---- Blocks ----------------------------------------------------------------------------------------- */

static enum err block(struct scene *s, struct handset *h, const char *whom, bool on,
                      const struct report *report)
{
    struct jid jid;
    enum err e;

    assert_int_equal(jid_parse(&s->trio->arena, str_from(whom), &jid), ERR_NONE);
    e = engine_block(h->engine, &jid, on, report);
    run(s);
    return e;
}

static size_t count_blocked(struct handset *h)
{
    struct str jid;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_blocked(h->engine, &cursor, &jid);)
        n++;
    return n;
}

static void blocked(void **state)
{
    struct scene *s = *state;
    struct report report = { .reason = REPORT_SPAM };

    start(s, &s->trio->alice);
    start(s, &s->trio->alice2);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "one");
    assert_int_equal(block(s, &s->trio->alice, CAROL, true, &report), ERR_NONE);
    assert_false(engine_waits_for(s->trio->alice.engine, STR(CAROL)));
    assert_int_equal(count_blocked(&s->trio->alice), 1);
    assert_int_equal(count_blocked(&s->trio->alice2), 1); /* by the server's push */
    assert_int_equal(count_requests(&s->trio->alice), 0);
    say(s, &s->carol, ALICE, "two");
    assert_non_null(handset_last(&s->carol, ENTRY_FAILED)); /* as if there were nobody */
    handset_crash(&s->trio->alice);
    start(s, &s->trio->alice);
    assert_int_equal(count_blocked(&s->trio->alice), 1);
    assert_int_equal(block(s, &s->trio->alice, CAROL, false, NULL), ERR_NONE);
    assert_int_equal(count_blocked(&s->trio->alice) + count_blocked(&s->trio->alice2), 0);
    assert_int_equal(block(s, &s->trio->alice, CAROL, false, NULL), ERR_MISSING);
    say(s, &s->carol, ALICE, "three");
    assert_int_equal(request(&s->trio->alice).count, 1);
}

/* What the server took before, another device has not: the archive still holds it, and it is not shown. */
static void blocked_before_it_was_read(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    start(s, &s->trio->bob);
    start(s, &s->trio->alice2);
    handset_crash(&s->trio->alice);
    say(s, &s->trio->bob, ALICE, "unread");
    assert_int_equal(handset_count(&s->trio->alice2, "unread", false), 1);
    handset_start(&s->trio->alice);
    assert_int_equal(block(s, &s->trio->alice, BOB, true, NULL),
                     ERR_NONE); /* before it was online */
    assert_int_equal(handset_count(&s->trio->alice, "unread", false), 0);
    assert_int_equal(count_blocked(&s->trio->alice2), 1);
    assert_int_equal(block(s, &s->trio->alice, "sotto.test", true, NULL), ERR_MALFORMED);
    assert_int_equal(block(s, &s->trio->alice, ALICE, true, NULL), ERR_MALFORMED);
    assert_int_equal(block(s, &s->trio->alice, "twin.test", true, NULL), ERR_NONE);
    start(s, &s->carol);
    say(s, &s->carol, ALICE, "from a domain that is kept out");
    assert_int_equal(count_requests(&s->trio->alice), 0);
    assert_int_equal(count_blocked(&s->trio->alice), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_survives_and_is_capped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(written_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decided_without_a_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_our_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whom_we_wrote_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocked_before_it_was_read, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
