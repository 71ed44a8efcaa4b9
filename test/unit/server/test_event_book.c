/* test_event_book.c: who repeats himself gets one line, and nobody fills the file. */
#include "../check.h"

#include "server/event_book.h"

static struct event_line line(uint64_t time_s, uint64_t actor, uint64_t target)
{
    return (struct event_line){ .time_s = time_s,
                                .n = 1,
                                .reason = EVENT_NOBODY,
                                .era = 1,
                                .actor = actor,
                                .target = target,
                                .net.ip24 = 9 };
}

static struct event_book book;

static int set_up(void **state)
{
    (void)state;
    event_book_init(&book, (const uint64_t[2]){ 1, 2 });
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    event_book_deinit(&book);
    return 0;
}

static bool note(uint64_t time_s, uint64_t actor, uint64_t target)
{
    struct event_line l = line(time_s, actor, target);

    return event_book_note(&book, &l);
}

static void repetitions_are_one_line(void **state)
{
    struct event_line due;

    (void)state;
    assert_true(note(100, 1, 2));
    for (unsigned i = 0; i < 1000; i++)
        assert_false(note(101, 1, 2));
    assert_true(note(102, 1, 3)); /* somebody else */
    assert_false(event_book_due(&book, 159, &due));
    assert_true(event_book_due(&book, 160, &due));
    assert_int_equal(due.n, 1000);
    assert_int_equal(due.time_s, 101);
    assert_int_equal(due.target, 2);
    assert_false(event_book_due(&book, 1000, &due)); /* the other was not repeated */
    assert_true(note(1001, 1, 2));                   /* and it begins anew */
}

static void source_is_blurred(void **state)
{
    struct event_line l;
    unsigned written = 0;

    (void)state;
    for (unsigned i = 1; i <= 1000; i++) {
        l = line(60, 1, i);
        if (event_book_note(&book, &l)) {
            written++;
            assert_int_equal(l.target != 0, written <= EVENT_BOOK_SOURCE);
            assert_int_equal(l.actor, 1);
        }
    }
    assert_int_equal(written, EVENT_BOOK_SOURCE + 1);
    assert_true(event_book_due(&book, UINT64_MAX, &l));
    assert_int_equal(l.n, 1000 - written);
    assert_true(note(120, 1, 5)); /* the next minute, all is said again */
}

static void all_are_bounded(void **state)
{
    struct event_line l;
    uint64_t written = 0, told = 0;

    (void)state;
    for (uint64_t i = 1; i <= 100000; i++)
        written += note(60, i, 7);
    assert_in_range(written, 1, EVENT_BOOK_LINES + 1);
    told = written;
    while (event_book_due(&book, UINT64_MAX, &l))
        told += l.n;
    assert_int_equal(told, 100000); /* none is lost, only what sets it apart */
}

static void clock_set_back(void **state)
{
    struct event_line l;

    (void)state;
    assert_true(note(100000, 1, 2));
    assert_false(note(100000, 1, 2));
    assert_true(event_book_due(&book, 50, &l));
    assert_int_equal(l.n, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(repetitions_are_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(source_is_blurred, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clock_set_back, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
