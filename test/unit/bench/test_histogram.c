/* test_histogram.c: percentiles within their error, at both ends of the range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "bench/load/histogram.h"

static struct histogram *new_histogram(void)
{
    return mem_alloc(sizeof(struct histogram));
}

/* No value is reported as less than it was, nor as more than 1/128 above. */
static void keeps_every_size_within_its_error(void **state)
{
    static const uint64_t values[] = { 0,         1,          127,
                                       128,       129,        255,
                                       256,       257,        1000,
                                       65535,     65536,      1000000,
                                       999999999, 1ull << 40, (1ull << 63) + 12345,
                                       UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct histogram *h = new_histogram();
        uint64_t v = values[i], low;

        histogram_add(h, v);
        assert_int_equal(histogram_at(h, 50), v); /* bounded by the maximum: exact */
        histogram_add(h, UINT64_MAX);
        low = histogram_at(h, 50);
        assert_true(low >= v && low - v <= v / 128);
        mem_free(h);
    }
}

static void gives_percentiles(void **state)
{
    static const struct {
        double percent;
        uint64_t value;
    } points[] = { { 0, 1 },   { 1, 1 },      { 50, 50 },  { 90, 90 },
                   { 99, 99 }, { 99.9, 100 }, { 100, 100 } };
    struct histogram *h = new_histogram();

    (void)state;
    for (uint64_t v = 100; v >= 1; v--) /* 1 to 100 once each: below 128 all are exact */
        histogram_add(h, v);
    for (size_t i = 0; i < COUNT_OF(points); i++)
        assert_int_equal(histogram_at(h, points[i].percent), points[i].value);
    assert_int_equal(h->total, 100);
    assert_int_equal(h->max, 100);
    assert_true(histogram_mean(h) > 50.49 && histogram_mean(h) < 50.51);
    mem_free(h);
}

static void keeps_rare_outliers(void **state)
{
    struct histogram *h = new_histogram();

    (void)state;
    for (int i = 0; i < 99990; i++)
        histogram_add(h, 1000);
    for (int i = 0; i < 10; i++)
        histogram_add(h, 5000000);
    assert_in_range(histogram_at(h, 99.9), 1000, 1008);
    assert_in_range(histogram_at(h, 99.995), 5000000, 5000000 + 5000000 / 128);
    mem_free(h);
}

static void is_empty_at_first(void **state)
{
    struct histogram *h = new_histogram();

    (void)state;
    assert_int_equal(histogram_at(h, 99), 0);
    histogram_add(h, 7);
    histogram_reset(h);
    assert_int_equal(histogram_at(h, 99), 0);
    assert_int_equal(h->total, 0);
    mem_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_size_within_its_error),
        cmocka_unit_test(gives_percentiles),
        cmocka_unit_test(keeps_rare_outliers),
        cmocka_unit_test(is_empty_at_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
