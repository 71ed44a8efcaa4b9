/* test_call_budget.c: how often somebody may call and be called, by the minute, the hour and the day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/call_budget.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)i;
}

static const struct random fixed = { fill, NULL };

enum what { DIAL, DIAL_YOUNG, STRIKE, RING, UNANSWERED, STRANGER };

/* In order, in one budget. `who` has another one in mind: a callee, a caller, an id. */
static const struct step {
    uint64_t at_ms;
    enum what what;
    int64_t account;
    const char *who, *id;
    int expected; /* enum call_limit; enum stranger_row */
    unsigned times;
} steps[] = {
    /* Six a minute, and one every ten seconds after that. */
    { 0, DIAL, 1, "b", "", CALL_ALLOWED, 6 },
    { 0, DIAL, 1, "b", "", CALL_TOO_OFTEN, 2 },
    { 10 * SECOND, DIAL, 1, "b", "", CALL_ALLOWED, 1 },
    { 0, DIAL, 2, "b", "", CALL_ALLOWED, 1 },
    /* Ten people an hour; of an account that is young three. Who was called before is no new one. */
    { 0, DIAL_YOUNG, 3, "b", "", CALL_ALLOWED, 1 },
    { 0, DIAL_YOUNG, 3, "c", "", CALL_ALLOWED, 1 },
    { 0, DIAL_YOUNG, 3, "d", "", CALL_ALLOWED, 2 },
    { 0, DIAL_YOUNG, 3, "e", "", CALL_TOO_MANY_PEOPLE, 1 },
    { HOUR, DIAL_YOUNG, 3, "e", "", CALL_ALLOWED, 1 },
    /* Three strikes in an hour are a day's silence. */
    { 0, STRIKE, 4, "", "", 0, 2 },
    { 0, DIAL, 4, "b", "", CALL_ALLOWED, 1 },
    { 1, STRIKE, 4, "", "", 0, 1 },
    { 2, DIAL, 4, "b", "", CALL_SUSPENDED, 1 },
    { DAY, DIAL, 4, "b", "", CALL_SUSPENDED, 1 },
    { DAY + 2, DIAL, 4, "b", "", CALL_ALLOWED, 1 },
    /* Four rings a minute; an id once a day for a pair, whether it rang or not. */
    { 0, RING, 5, "a", "1", CALL_ALLOWED, 1 },
    { 0, RING, 5, "a", "1", CALL_REPEATED, 1 },
    { 0, RING, 5, "c", "1", CALL_ALLOWED, 1 },
    { 0, RING, 5, "a", "2", CALL_ALLOWED, 1 },
    { 0, RING, 5, "a", "3", CALL_ALLOWED, 1 },
    { 0, RING, 5, "d", "4", CALL_CROWDED, 1 },
    { 0, RING, 5, "d", "4", CALL_REPEATED, 1 },
    { 15 * SECOND, RING, 5, "d", "5", CALL_ALLOWED, 1 },
    { DAY, RING, 5, "a", "1", CALL_ALLOWED, 1 },
    /* Three that nobody answered: a pause for this pair alone. */
    { 0, UNANSWERED, 6, "a", "", 0, 3 },
    { 0, RING, 6, "a", "6", CALL_INSISTING, 1 },
    { 0, RING, 6, "c", "6", CALL_ALLOWED, 1 },
    { 10 * MINUTE, RING, 6, "a", "7", CALL_ALLOWED, 1 },
    /* A stranger is a row once a day; ten of them, then that there were more, once. */
    { 0, STRANGER, 7, "1", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "1", "", STRANGER_SILENT, 1 },
    { 0, STRANGER, 7, "2", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "3", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "4", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "5", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "6", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "7", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "8", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "9", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "10", "", STRANGER_ROW, 1 },
    { 0, STRANGER, 7, "11", "", STRANGER_MORE, 1 },
    { 0, STRANGER, 7, "12", "", STRANGER_SILENT, 1 },
    { 0, STRANGER, 8, "12", "", STRANGER_ROW, 1 },
};

static int run(struct call_budget *b, const struct step *s)
{
    struct str who = str_from(s->who);

    switch (s->what) {
    case DIAL:
    case DIAL_YOUNG:
        return (int)call_budget_dial(b, s->account, who, s->what == DIAL_YOUNG, DAY + s->at_ms);
    case STRIKE: call_budget_strike(b, s->account, DAY + s->at_ms); return 0;
    case RING: return (int)call_budget_ring(b, s->account, who, str_from(s->id), DAY + s->at_ms);
    case UNANSWERED: call_budget_unanswered(b, s->account, who, DAY + s->at_ms); return 0;
    case STRANGER: return (int)call_budget_stranger(b, s->account, who, DAY + s->at_ms);
    }
    return -1;
}

static void test_steps(void **state)
{
    struct call_budget b;

    (void)state;
    call_budget_init(&b, &fixed);
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (unsigned n = 0; n < steps[i].times; n++) {
            int got = run(&b, &steps[i]);

            if (got != steps[i].expected)
                fail_msg("step %zu, time %u: %d instead of %d", i, n, got, steps[i].expected);
        }
    call_budget_deinit(&b);
}

/* A call is known by its account, the other side and its id, for a day; that it was heard of takes nothing from what may ring. */
static void test_heard(void **state)
{
    struct call_budget b;

    (void)state;
    call_budget_init(&b, &fixed);
    call_budget_hear(&b, 1, STR("a"), STR("1"), DAY);
    assert_true(call_budget_has_heard(&b, 1, STR("a"), STR("1"), DAY));
    assert_true(call_budget_has_heard(&b, 1, STR("a"), STR("1"), DAY + 12 * HOUR));
    assert_false(call_budget_has_heard(&b, 2, STR("a"), STR("1"), DAY));
    assert_false(call_budget_has_heard(&b, 1, STR("b"), STR("1"), DAY));
    assert_false(call_budget_has_heard(&b, 1, STR("a"), STR("2"), DAY));
    assert_false(call_budget_has_heard(&b, 1, STR("a"), STR("1"), 2 * DAY + HOUR));
    assert_int_equal(call_budget_ring(&b, 1, STR("a"), STR("1"), DAY), CALL_ALLOWED);
    call_budget_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_steps),
                                        cmocka_unit_test(test_heard) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
