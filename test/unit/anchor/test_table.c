/* test_table.c: the table against a list, over many steps of putting and removing with hashes that collide. */
#include "test/unit/check.h"

#include "anchor/table.h"

enum { VALUES = 32, STEPS = 20000 };

struct shadow {
    bool in;
    uint32_t hash;
};

static bool is_value(const void *ctx, uint32_t value)
{
    return *(const uint32_t *)ctx == value;
}

static void test_steps(void **state)
{
    struct shadow shadow[VALUES] = { 0 };
    struct table t;
    uint32_t x = 1;

    (void)state;
    table_init(&t, VALUES);
    for (unsigned step = 0; step < STEPS; step++) {
        uint32_t value = (x = x * 1664525 + 1013904223) >> 27;

        if (shadow[value].in) {
            table_remove(&t, shadow[value].hash, value);
        } else {
            shadow[value].hash = (x >> 8 & 7) * 21 + 0xfffffff0; /* few, some of them at the end */
            table_put(&t, shadow[value].hash, value);
        }
        shadow[value].in = !shadow[value].in;
        for (uint32_t v = 0; v < VALUES; v++)
            assert_int_equal(table_find(&t, shadow[v].hash, is_value, &v),
                             shadow[v].in ? v : TABLE_NONE);
    }
    table_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_steps) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
