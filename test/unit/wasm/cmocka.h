/* cmocka.h: as much of cmocka as tables need that run as wasm programs, too: there is no setjmp in wasm, so the first failure ends the
 * program. It is found in place of the real one by tools/build-wasm alone.
 */
#ifndef SOTTO_TEST_UNIT_WASM_CMOCKA_H
#define SOTTO_TEST_UNIT_WASM_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        printf(__VA_ARGS__);                                                                       \
        printf(" (%s:%d)\n", __FILE__, __LINE__);                                                  \
        exit(1);                                                                                   \
    } while (0)

#define assert_true(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("not so: %s", #condition);                                                    \
    } while (0)

#define assert_int_equal(a, b) assert_true((long long)(a) == (long long)(b))

#define cmocka_run_group_tests(tests, set_up, tear_down)                                           \
    cmocka_run(tests, sizeof(tests) / sizeof *(tests))

static inline int cmocka_run(const struct CMUnitTest *tests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *state = NULL;

        tests[i].run(&state);
        printf("# %s\n", tests[i].name);
    }
    return 0;
}

#endif
