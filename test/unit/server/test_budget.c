/* test_budget.c: what accounts may ask of others, by the hour and the day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/budget.h"

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

static const struct settings settings = {
    .subscriptions_per_account = { 2, 3600 },
    .key_targets = { 2, 24 * 3600 },
    .keys_per_pair = { 3, 24 * 3600 },
};

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)i;
}

static const struct random fixed = { fill, NULL };

enum what { SUBSCRIBE, DEVICES, BUNDLE };

static const struct {
    enum what what;
    int64_t account;
    const char *target;
    uint64_t at_ms;
    bool allowed;
} steps[] = {
    { SUBSCRIBE, 1, "", 0, true },
    { SUBSCRIBE, 1, "", 0, true },
    { SUBSCRIBE, 1, "", 1, false },
    { SUBSCRIBE, 2, "", 1, true },
    { SUBSCRIBE, 1, "", HOUR / 2 + 1, true }, /* half of them has come back */
    { SUBSCRIBE, 1, "", HOUR / 2 + 2, false },

    { DEVICES, 1, "a@s", HOUR, true },
    { DEVICES, 1, "b@s", HOUR, true },
    { DEVICES, 1, "c@s", HOUR, false },
    { BUNDLE, 1, "c@s", HOUR, false },
    { DEVICES, 1, "a@s", 2 * HOUR, true }, /* not new any more */
    { DEVICES, 2, "c@s", 2 * HOUR, true },
    { BUNDLE, 1, "a@s", 2 * HOUR, true },
    { BUNDLE, 1, "a@s", 2 * HOUR, true },
    { BUNDLE, 1, "a@s", 2 * HOUR, true },
    { BUNDLE, 1, "a@s", 2 * HOUR, false },
    { DEVICES, 1, "a@s", 2 * HOUR, true }, /* a list uses up no keys */
    { BUNDLE, 1, "b@s", 2 * HOUR, true },
    { BUNDLE, 1, "a@s", 2 * HOUR + DAY, true },
    { DEVICES, 1, "c@s", 2 * HOUR + DAY, true },
};

static void budgets(void **state)
{
    struct budget b;

    (void)state;
    budget_init(&b, &fixed);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        uint64_t now_ms = 1000 * (uint64_t)DAY + steps[i].at_ms;
        bool allowed =
            steps[i].what == SUBSCRIBE
                ? budget_subscribe(&b, &settings, steps[i].account, now_ms)
                : budget_fetch(&b, &settings, steps[i].account, str_from(steps[i].target),
                               steps[i].what == BUNDLE, now_ms);

        if (allowed != steps[i].allowed)
            fail_msg("step %zu", i);
    }
    budget_deinit(&b);
}

/* However many ask about whomever, what is remembered stays small. */
static void bounded(void **state)
{
    struct budget b;

    (void)state;
    budget_init(&b, &fixed);
    for (int64_t account = 1; account <= 100 * 1000; account++) {
        assert_true(budget_subscribe(&b, &settings, account, DAY));
        assert_true(budget_fetch(&b, &settings, account, STR("a@s"), true, DAY));
    }
    assert_in_range(b.subscriptions.entries.n, 1, 16 * 1024);
    assert_in_range(b.targets.entries.n, 1, 16 * 1024);
    assert_in_range(b.met.entries.n, 1, 64 * 1024);
    assert_in_range(b.keys.entries.n, 1, 64 * 1024);
    budget_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets),
        cmocka_unit_test(bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
