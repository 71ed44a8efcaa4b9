/* test_confined.c: what the anchor can no longer do after sandbox_enter(), and what it still can. Each row is a child of its own. */
#include "test/unit/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "anchor/sandbox.h"
#include "crypto/hash.h"

enum { WORKED = 0, REFUSED = 1, NOT_CONFINED = 2 };

static int try_open(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0 ? WORKED : REFUSED;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? WORKED : REFUSED;
}

static int try_fork(void)
{
    return fork() >= 0 ? WORKED : REFUSED;
}

static int try_execute(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return REFUSED;
}

static int try_run_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED
               ? WORKED
               : REFUSED;
}

static int try_signal_parent(void)
{
    return kill(getppid(), 0) == 0 ? WORKED : REFUSED;
}

static int try_work(void)
{
    uint8_t out[HASH_SIZE_MAX];
    struct timespec t;
    void *p = mem_alloc(1 << 20);

    hmac(HASH_SHA1, bytes_of("key", 3), bytes_of("text", 4), out);
    mem_free(p);
    return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? WORKED : REFUSED;
}

static const struct {
    const char *what;
    int (*attempt)(void);
    bool allowed;
} rows[] = {
    { "work", try_work, true },
    { "open a file", try_open, false },
    { "make a socket", try_socket, false },
    { "make a process", try_fork, false },
    { "start a program", try_execute, false },
    { "run memory", try_run_memory, false },
    { "signal the supervisor", try_signal_parent, false },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        pid_t parent = getpid(), child = fork();
        int how = 0;

        if (child == 0) {
            uint8_t out[HASH_SIZE_MAX];

            hmac(HASH_SHA1, bytes_of("", 0), bytes_of("", 0), out); /* as main() does */
            _exit(sandbox_enter(parent) == ERR_NONE ? rows[i].attempt() : NOT_CONFINED);
        }
        assert_int_equal(waitpid(child, &how, 0), child);
        if (rows[i].allowed ? !WIFEXITED(how) || WEXITSTATUS(how) != WORKED
                            : !WIFSIGNALED(how) || WTERMSIG(how) != SIGSYS)
            fail_msg("%s: 0x%x", rows[i].what, how);
    }
}

static void test_wrong_parent(void **state)
{
    pid_t child = fork();
    int how = 0;

    (void)state;
    if (child == 0)
        _exit(sandbox_enter(1) == ERR_NONE ? WORKED : REFUSED);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_wrong_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
