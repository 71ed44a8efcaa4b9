/* test_late.c: what is said of a message from another time. */
#include "test/unit/check.h"

#include "cli/late.h"

static void test_all(void **state)
{
    struct arena a = { 0 };

    (void)state;
    check_str("in time", late_words(&a, &(struct entry){ .time_ms = 1700000000000 }), "");
    check_str("late",
              late_words(&a, &(struct entry){ .time_ms = 1700000000000, .said_ms = 1699700000000 }),
              " (written 2023-11-11 10:53 UTC)");
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
