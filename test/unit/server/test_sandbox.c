/* test_sandbox.c: what a confined process can no longer do, and what it still can. Each row is a
 * child of its own. */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/sandbox.h"
#include "server/secrets.h"

static char folder[] = "/tmp/sotto-test-sandbox-XXXXXX";

/* ---- Attempts; each returns what the child exits with ---- */

enum { WORKED = 0, REFUSED = 1 };

static int try_own_file(void)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "%s/file", folder);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && unlink(path) == 0 ? WORKED
                                                                                    : REFUSED;
}

static int try_read(const char *path)
{
    return open(path, O_RDONLY) >= 0 ? WORKED : REFUSED;
}

static int try_etc(void)
{
    return try_read("/etc/passwd");
}

static int try_own_memory(void)
{
    return try_read("/proc/self/mem");
}

static int try_write_elsewhere(void)
{
    return open("/tmp/sotto-test-sandbox-escape", O_CREAT | O_WRONLY, 0600) >= 0 ? WORKED : REFUSED;
}

static int try_execute(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return REFUSED;
}

static int try_trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? WORKED : REFUSED;
}

static int try_become_root(void)
{
    return setuid(0) == 0 ? WORKED : REFUSED;
}

static int try_fork(void)
{
    return fork() >= 0 ? WORKED : REFUSED;
}

static int try_pair(void)
{
    int pair[2];

    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0
                   && socketpair(AF_TIPC, SOCK_STREAM, 0, pair) != 0
               ? WORKED
               : REFUSED;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? WORKED : REFUSED;
}

static int try_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? WORKED
                                                                                        : REFUSED;
}

static int try_resolver_files(void)
{
    return try_read("/etc/hosts");
}

static int try_io_uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == ENOSYS ? REFUSED : WORKED;
}

static int try_run_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                   != MAP_FAILED
               ? WORKED
               : REFUSED;
}

static int try_kill_parent(void)
{
    return kill(getppid(), 0) == 0 ? WORKED : REFUSED;
}

static void *nothing(void *ctx)
{
    return ctx;
}

static int try_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0
               ? WORKED
               : REFUSED;
}

/* None is made any more, but what was handed over can still be opened by name. */
static int try_sealed_memory(void)
{
    int fd = (int)syscall(SYS_memfd_create, "x", 0);

    return fd < 0 && try_read("/proc/self/fd/100") == WORKED ? WORKED : REFUSED;
}

static int try_abort(void)
{
    abort();
}

static const struct {
    const char *what;
    int (*attempt)(void);
    int status, signal;
    bool calls_out;
} attempts[] = {
    { "write in the folder", try_own_file, WORKED, 0, false },
    { "read /etc", try_etc, REFUSED, 0, false },
    { "read own memory", try_own_memory, REFUSED, 0, false },
    { "write elsewhere", try_write_elsewhere, REFUSED, 0, false },
    { "execute", try_execute, 0, SIGSYS, false },
    { "trace", try_trace, 0, SIGSYS, false },
    { "become root", try_become_root, 0, SIGSYS, false },
    { "fork", try_fork, REFUSED, 0, false },
    { "pair of sockets", try_pair, WORKED, 0, false },
    { "call out", try_socket, REFUSED, 0, false },
    { "io_uring", try_io_uring, REFUSED, 0, false },
    { "run written memory", try_run_memory, REFUSED, 0, false },
    { "signal others", try_kill_parent, REFUSED, 0, false },
    { "start a thread", try_thread, WORKED, 0, false },
    { "reopen sealed memory", try_sealed_memory, WORKED, 0, false },
    { "abort", try_abort, 0, SIGABRT, false },
    { "read what resolvers read", try_resolver_files, REFUSED, 0, false },
    { "call out, with leave", try_socket, WORKED, 0, true },
    { "read what resolvers read, with leave", try_resolver_files, WORKED, 0, true },
    { "read /etc, with leave to call out", try_etc, REFUSED, 0, true },
    { "call services of this machine", try_netlink, REFUSED, 0, true },
};

static void confined(int (*attempt)(void), bool calls_out)
{
    static const uint8_t key[LOG_KEY_SIZE];
    const char *const folders[] = { folder };
    const struct sandbox_rules rules = { folders, 1, calls_out };
    int memory = memfd_create("handed over", 0);

    if (dup2(memory, 100) != 100
        || sandbox_enter(&rules, log_new(STDERR_FILENO, LOG_LEVEL_WARN, LOG_FORMAT_TEXT, key))
               != ERR_NONE)
        _exit(99);
    _exit(attempt());
}

static void powers_are_gone(void **state)
{
    (void)state;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* version */) < 1)
        skip(); /* this kernel has no Landlock; the server says so when it starts */
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        pid_t pid = fork();
        int how;

        if (pid == 0)
            confined(attempts[i].attempt, attempts[i].calls_out);
        assert_int_equal(waitpid(pid, &how, 0), pid);
        if ((WIFSIGNALED(how) ? WTERMSIG(how) : 0) != attempts[i].signal
            || (WIFEXITED(how) && WEXITSTATUS(how) != attempts[i].status))
            fail_msg("%s: wait status %#x", attempts[i].what, how);
    }
}

static void orphans_die(void **state)
{
    int pipe_fds[2];
    char octet;
    pid_t parent;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    parent = fork();
    if (parent == 0) {
        pid_t me = getpid();

        if (fork() == 0) {
            if (!sandbox_tie_to_parent(me))
                _exit(1);
            if (write(pipe_fds[1], "x", 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
        close(pipe_fds[1]);
        assert_int_equal(read(pipe_fds[0], &octet, 1), 1);
        kill(me, SIGKILL);
    }
    close(pipe_fds[1]);
    waitpid(parent, NULL, 0);
    /* The pipe ends when the grandchild is gone, and not before. */
    assert_int_equal(read(pipe_fds[0], &octet, 1), 0);
    close(pipe_fds[0]);
    assert_false(sandbox_tie_to_parent(parent));
}

static void secrets_are_zeroed_and_apart(void **state)
{
    struct secrets *s = secrets_new(100);
    uint8_t *a = secrets_alloc(s, 20), *b = secrets_alloc(s, 32);

    (void)state;
    assert_true(b >= a + 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(a[i], 0);
    secrets_free(s);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_are_gone),
        cmocka_unit_test(orphans_die),
        cmocka_unit_test(secrets_are_zeroed_and_apart),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
