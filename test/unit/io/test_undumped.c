/* test_undumped.c: a process that asked for it leaves no core and cannot be looked into, nor can what it forks. */
#include "test/unit/check.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/undumped.h"

enum { FINE = 42 };

static int state_of_child(void)
{
    struct rlimit limit = { 1, 1 };

    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
        return 1;
    return prctl(PR_GET_DUMPABLE) == 0 ? FINE : 2;
}

/* In a child, so that the test itself goes on as it was. */
static void test_child(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        undumped();
        _exit(state_of_child());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), FINE);
    assert_int_not_equal(state_of_child(), FINE); /* who did not ask */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_child) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
