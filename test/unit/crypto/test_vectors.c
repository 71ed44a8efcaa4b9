/* test_vectors.c: the native backend against all vector tables, several threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "vectors.h"

static void expect_passed(const char *what, bool passed)
{
    if (!passed)
        fail_msg("%s", what);
}

static void test_hash(void **state)
{
    (void)state;
    hash_vectors_run(expect_passed);
}

static void test_kdf(void **state)
{
    (void)state;
    kdf_vectors_run(expect_passed);
}

static void test_curve(void **state)
{
    (void)state;
    curve_vectors_run(expect_passed);
}

static void test_cipher(void **state)
{
    (void)state;
    cipher_vectors_run(expect_passed);
}

static void test_stream(void **state)
{
    (void)state;
    stream_vectors_run(expect_passed);
}

static _Thread_local bool all_passed;

static void note(const char *what, bool passed)
{
    (void)what;
    all_passed &= passed;
}

static void *run_in_thread(void *out)
{
    all_passed = true;
    cipher_vectors_run(note);
    stream_vectors_run(note);
    *(bool *)out = all_passed;
    return NULL;
}

/* What is made once per process is made once, whoever comes first. */
static void test_threads(void **state)
{
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    bool passed[THREADS] = { false };

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, &passed[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(passed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),   cmocka_unit_test(test_kdf),
        cmocka_unit_test(test_curve),  cmocka_unit_test(test_cipher),
        cmocka_unit_test(test_stream), cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
