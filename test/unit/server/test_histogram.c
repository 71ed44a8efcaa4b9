/* test_histogram.c: which bucket a value falls into, and what is read from buckets again. */
#include "server/histogram.h"

#include "../check.h"

static void test_bounds(void **state)
{
    static const uint64_t bounds[] = { 1, 2, 5, 10, 20, 50, 100 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bounds); i++)
        assert_int_equal(histogram_bound(i), bounds[i]);
    assert_int_equal(histogram_bound(HISTOGRAM_BOUNDS - 1), 5000000);
}

/* Each value lies in the first bucket whose bound it does not pass. */
static void test_buckets(void **state)
{
    static const uint64_t values[] = {
        0, 1, 2, 3, 5, 6, 9, 10, 11, 20, 99, 100, 101, 999, 4999999, 5000000, 5000001, UINT32_MAX
    };

    (void)state;
    for (size_t k = 0; k < COUNT_OF(values); k++) {
        struct histogram h = { 0 };
        size_t i = 0;

        while (i < HISTOGRAM_BOUNDS && values[k] > histogram_bound(i))
            i++;
        histogram_add(&h, values[k]);
        assert_int_equal(h.n[i], 1);
        assert_int_equal(histogram_count(&h), 1);
        assert_int_equal(h.sum, values[k]);
    }
}

static void test_percentiles(void **state)
{
    struct histogram h = { 0 }, before;

    (void)state;
    assert_int_equal(histogram_percentile(&h, 50), 0);
    for (unsigned i = 0; i < 99; i++)
        histogram_add(&h, 80);
    histogram_add(&h, 4000);
    assert_in_range(histogram_percentile(&h, 50), 51, 100);
    assert_in_range(histogram_percentile(&h, 99), 51, 100);
    assert_in_range(histogram_percentile(&h, 100), 2001, 5000);
    before = h;
    histogram_add(&h, UINT32_MAX);
    h = histogram_since(&h, &before);
    assert_int_equal(histogram_count(&h), 1);
    assert_int_equal(h.sum, UINT32_MAX);
    assert_int_equal(histogram_percentile(&h, 50), 5000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_percentiles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
