/* test_throttle.c: buckets and their table, on a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/login_guard.h"

enum { START_MS = 1000 * 1000 };

/* So many taken at once, then what has to be waited. */
static const struct {
    struct rate rate;
    uint64_t taken, wait_ms;
} waits[] = {
    { { 2, 10 }, 0, 0 },
    { { 2, 10 }, 1, 0 },
    { { 2, 10 }, 2, 5001 }, /* one of two comes back in half of the time */
    { { 2, 10 }, 3, 10001 },
    { { 2, 10 }, 1000, 15001 }, /* debts have an end: one bucket */
    { { 30, 600 }, 29, 0 },
    { { 30, 600 }, 30, 20001 },
    { { 64 << 20, 60 }, 1, 0 }, /* 64 MiB a minute, by the byte */
    { { 64 << 20, 60 }, (64 << 20) - 2, 0 },
    { { 64 << 20, 60 }, 128 << 20, 60001 },
    { { 1ull << 50, 86400 },
      1ull << 50,
      0 }, /* the largest that can be configured: one comes back in no time */
    { { 1, 86400 * 7 }, UINT64_MAX, 86400ull * 7 * 2 * 1000 + 1 },
    { { 0, 60 }, UINT64_MAX, 0 }, /* no limit */
};

static void test_waits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        struct bucket b = { 0 };
        const struct rate *r = &waits[i].rate;
        uint64_t wait_ms;

        bucket_take(&b, r, waits[i].taken, START_MS);
        wait_ms = bucket_wait_ms(&b, r, START_MS);
        if (wait_ms != waits[i].wait_ms)
            print_error("row %zu: waits %llu\n", i, (unsigned long long)wait_ms);
        assert_int_equal(wait_ms, waits[i].wait_ms);
        assert_int_equal(bucket_wait_ms(&b, r, START_MS + wait_ms), 0);
    }
}

/* A steady trickle at the rate goes on for ever; a little more does not. */
static void test_steady(void **state)
{
    static const struct rate rate = { 10, 60 };
    struct bucket steady = { 0 }, faster = { 0 };
    unsigned refused = 0;

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        bucket_take(&steady, &rate, 1, START_MS + i * 6000);
        bucket_take(&faster, &rate, 1, START_MS + i * 5000);
        assert_int_equal(bucket_wait_ms(&steady, &rate, START_MS + i * 6000), 0);
        refused += bucket_wait_ms(&faster, &rate, START_MS + i * 5000) > 0;
    }
    assert_true(refused > 900);
}

static void test_table(void **state)
{
    enum { ROOM = 8 };
    static const struct rate once = { 1, 60 };
    struct throttle t;

    (void)state;
    throttle_init(&t, ROOM);
    throttle_take(&t, 1, &once, START_MS);
    assert_false(throttle_allows(&t, 1, &once, START_MS));
    assert_true(throttle_allows(&t, 2, &once, START_MS));
    assert_true(throttle_allows(&t, 1, &once, START_MS + 60001));

    /* Of those used longest ago nothing is known any more. */
    for (uint64_t key = 2; key < 2 + ROOM; key++) {
        throttle_take(&t, key, &once, START_MS);
        if (key == 5)
            throttle_take(&t, 2, &once, START_MS);
    }
    assert_int_equal(t.entries.n, ROOM);
    assert_true(throttle_allows(&t, 1, &once, START_MS));
    throttle_take(&t, 100, &once, START_MS);
    assert_true(throttle_allows(&t, 3, &once, START_MS));
    assert_false(throttle_allows(&t, 2, &once, START_MS));
    assert_int_equal(t.entries.n, ROOM);
    throttle_deinit(&t);
}

static void test_held(void **state)
{
    enum { ROOM = 4 };
    static const struct rate once = { 1, 60 };
    struct throttle t;

    (void)state;
    throttle_init(&t, ROOM);
    assert_int_equal(throttle_hold(&t, 7), 1);
    assert_int_equal(throttle_hold(&t, 7), 2);
    throttle_take(&t, 7, &once, START_MS);
    for (uint64_t key = 100; key < 200; key++)
        throttle_take(&t, key, &once, START_MS);
    assert_int_equal(throttle_held(&t, 7), 2); /* what is held is not forgotten */
    assert_false(throttle_allows(&t, 7, &once, START_MS));
    assert_int_equal(t.entries.n, ROOM + 1);
    throttle_release(&t, 7);
    throttle_release(&t, 7);
    throttle_release(&t, 7); /* once too often */
    throttle_release(&t, 8);
    assert_int_equal(throttle_held(&t, 7), 0);
    assert_int_equal(t.entries.n, ROOM);
    throttle_deinit(&t);
}

static void test_guard(void **state)
{
    struct settings s = { .failed_logins_per_account = { 2, 60 },
                          .failed_logins_per_address = { 3, 60 } };
    struct peer home = { .address = 1 }, abroad = { .address = 2 },
                bench = { .address = 2, .exempt = true };
    struct login_guard g;

    (void)state;
    login_guard_init(&g);
    login_guard_note(&g, &s, (struct login_note){ .account = 10, .address = 1 }, START_MS);
    for (int i = 0; i < 2; i++)
        login_guard_note(&g, &s, (struct login_note){ .account = 10, .address = 2, .failed = true },
                         START_MS);
    assert_true(login_guard_admits_address(&g, &s, abroad, START_MS));
    assert_false(login_guard_admits_account(&g, &s, 10, abroad, START_MS));
    assert_true(
        login_guard_admits_account(&g, &s, 10, home, START_MS)); /* it has been here lately */
    assert_true(login_guard_admits_account(&g, &s, 11, abroad, START_MS));
    login_guard_note(&g, &s, (struct login_note){ .account = 11, .address = 2, .failed = true },
                     START_MS);
    assert_false(login_guard_admits_address(&g, &s, abroad, START_MS));
    assert_true(login_guard_admits_address(&g, &s, home, START_MS));
    assert_true(login_guard_admits_address(&g, &s, bench, START_MS));
    assert_true(login_guard_admits_account(&g, &s, 10, bench, START_MS));
    assert_true(login_guard_admits_address(&g, &s, abroad, START_MS + 21 * 1000));
    login_guard_deinit(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits), cmocka_unit_test(test_steady), cmocka_unit_test(test_table),
        cmocka_unit_test(test_held),  cmocka_unit_test(test_guard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
