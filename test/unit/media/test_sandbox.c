/* test_sandbox.c: what the process can still do in each step of its sandbox. Each row is a child of its own. */
#include "test/unit/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/passing.h"
#include "media/sandbox.h"

enum { WORKED, REFUSED, KILLED };
enum { LANDLOCK_NETWORK = 4 }; /* its version */

static int udp = -1;              /* connected to itself, before the sandbox */
static int tcp = -1, parent = -1; /* connected to nobody yet; where another socket waits */
static struct sockaddr_in
    elsewhere; /* on this machine, where a datagram or a connection would be taken */
static int listening = -1;

static int verdict(bool worked)
{
    return worked ? WORKED : REFUSED;
}

static int try_open(void)
{
    return verdict(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY) >= 0);
}

static int try_open_as_allowed(void)
{
    return verdict(open("/etc/passwd", O_RDONLY) >= 0);
}

static int try_exec(void)
{
    char *const argv[] = { "true", NULL };

    return verdict(execv("/bin/true", argv) == 0);
}

static int try_fork(void)
{
    return verdict(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0);
}

static int try_udp_socket(void)
{
    return verdict(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
}

static int try_tcp_socket(void)
{
    return verdict(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static int try_unix_socket(void)
{
    return verdict(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static int try_raw_socket(void)
{
    return verdict(socket(AF_INET, SOCK_RAW, IPPROTO_UDP) >= 0);
}

static int try_udp6_socket(void)
{
    return verdict(socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
}

static int try_pair(void)
{
    int ends[2];

    return verdict(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static int try_connect(void)
{
    return verdict(connect(udp, (struct sockaddr *)&elsewhere, sizeof elsewhere) == 0);
}

static int try_connect_tcp(void)
{
    return verdict(connect(tcp, (struct sockaddr *)&elsewhere, sizeof elsewhere) == 0);
}

static int try_disconnect(void) /* after which the socket would hear everybody */
{
    struct sockaddr none = { .sa_family = AF_UNSPEC };

    return verdict(connect(udp, &none, sizeof none) == 0);
}

static int try_bind(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET };

    return verdict(bind(tcp, (struct sockaddr *)&any, sizeof any) == 0);
}

static int try_listen(void)
{
    return verdict(listen(tcp, 1) == 0);
}

static int try_accept(void)
{
    return verdict(accept(listening, NULL, NULL) >= 0 || errno == EAGAIN);
}

static int try_send_elsewhere(void)
{
    return verdict(sendto(udp, "x", 1, 0, (struct sockaddr *)&elsewhere, sizeof elsewhere) == 1);
}

static int try_fast_open(void)
{
    return verdict(
        sendto(tcp, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&elsewhere, sizeof elsewhere) == 1);
}

static struct msghdr message(struct iovec *part)
{
    return (struct msghdr){
        .msg_name = &elsewhere, .msg_namelen = sizeof elsewhere, .msg_iov = part, .msg_iovlen = 1
    };
}

static int try_message_elsewhere(void)
{
    struct iovec part = { "x", 1 };
    struct msghdr m = message(&part);

    return verdict(sendmsg(udp, &m, 0) == 1);
}

static int try_messages_elsewhere(void)
{
    struct iovec part = { "x", 1 };
    struct mmsghdr m = { .msg_hdr = message(&part) };

    return verdict(sendmmsg(udp, &m, 1, 0) == 1);
}

/* RFC 791 §3.1, loose source and record route: what is sent to where a socket is connected goes there by way of another address. */
static int try_route(void)
{
    uint8_t route[] = { 131, 7, 4, 127, 0, 0, 2, 0 };

    return verdict(setsockopt(udp, IPPROTO_IP, IP_OPTIONS, route, sizeof route) == 0);
}

/* What the parent has connected is the one way to a socket. */
static int try_take_socket(void)
{
    char word;
    int fd;

    return verdict(passing_receive(parent, &word, 1, NULL, &fd) == 1 && send(fd, "x", 1, 0) == 1);
}

static int try_write(void)
{
    return verdict(write(udp, "x", 1) == 1);
}

static int try_send(void)
{
    return verdict(send(udp, "x", 1, MSG_DONTWAIT) == 1);
}

static int try_receive(void)
{
    char c;

    (void)recv(udp, &c, 1, MSG_DONTWAIT);
    return verdict(errno == EAGAIN || errno == 0);
}

static int try_memory(void)
{
    void *p = malloc(1 << 20), *q = malloc(100);
    bool both = p != NULL && q != NULL;

    free(p);
    free(q);
    return verdict(both);
}

static int try_code(void)
{
    return verdict(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                   != MAP_FAILED);
}

static int try_kill(void)
{
    return verdict(kill(getppid(), 0) == 0);
}

static int try_ptrace(void)
{
    return verdict(syscall(SYS_ptrace, 0, 0, 0, 0) == 0);
}

static const struct {
    const char *name;
    int (*attempt)(void);
    int first, narrow;
    bool is_known; /* to work without a sandbox */
} rows[] = {
    { "open", try_open, REFUSED, KILLED, false },
    { "open a file", try_open_as_allowed, REFUSED, KILLED, false },
    { "exec", try_exec, KILLED, KILLED, false },
    { "fork", try_fork, REFUSED, KILLED, false },
    { "UDP socket", try_udp_socket, KILLED, KILLED, true },
    { "UDP socket, IPv6", try_udp6_socket, KILLED, KILLED, true },
    { "TCP socket", try_tcp_socket, KILLED, KILLED, true },
    { "Unix socket", try_unix_socket, KILLED, KILLED, true },
    { "raw socket", try_raw_socket, KILLED, KILLED, false },
    { "pair of sockets", try_pair, KILLED, KILLED, true },
    { "connect", try_connect, KILLED, KILLED, true },
    { "connect over TCP", try_connect_tcp, KILLED, KILLED, true },
    { "disconnect", try_disconnect, KILLED, KILLED, true },
    { "bind", try_bind, KILLED, KILLED, true },
    { "listen", try_listen, KILLED, KILLED, true },
    { "accept", try_accept, KILLED, KILLED, true },
    { "send elsewhere", try_send_elsewhere, KILLED, KILLED, true },
    { "send and connect at once", try_fast_open, KILLED, KILLED, true },
    { "message elsewhere", try_message_elsewhere, KILLED, KILLED, true },
    { "messages elsewhere", try_messages_elsewhere, KILLED, KILLED, true },
    { "by way of elsewhere", try_route, KILLED, KILLED, true },
    { "socket of the parent", try_take_socket, WORKED, KILLED, true },
    { "send", try_send, WORKED, WORKED, false },
    { "write to a socket", try_write, WORKED, WORKED, false },
    { "receive", try_receive, WORKED, WORKED, false },
    { "memory", try_memory, WORKED, WORKED, false },
    { "code", try_code, REFUSED, KILLED, false },
    { "signal", try_kill, REFUSED, KILLED, false },
    { "ptrace", try_ptrace, KILLED, KILLED, false },
};

static void open_elsewhere(void)
{
    socklen_t n = sizeof elsewhere;

    elsewhere = (struct sockaddr_in){ .sin_family = AF_INET };
    elsewhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    tcp = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listening >= 0 && tcp >= 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&elsewhere, n), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&elsewhere, &n), 0);
}

static void hand_over(int fd)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(passing_send(ends[0], "x", 1, fd), 1);
    parent = ends[1];
}

static void open_self(void)
{
    struct sockaddr_in here = { .sin_family = AF_INET };
    socklen_t n = sizeof here;

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(udp, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(getsockname(udp, (struct sockaddr *)&here, &n), 0);
    assert_int_equal(connect(udp, (struct sockaddr *)&here, n), 0);
}

enum closed { NOTHING, LANDLOCK_ALONE, FIRST, NARROW };

static enum err close_all(enum closed how)
{
    enum err e = ERR_NONE;

    if (how == LANDLOCK_ALONE)
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? sandbox_landlock() : ERR_IO;
    if (how >= FIRST)
        e = sandbox_begin();
    return e == ERR_NONE && how == NARROW ? sandbox_narrow() : e;
}

static int outcome(int (*attempt)(void), enum closed how)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        open_self();
        open_elsewhere();
        hand_over(udp);
        if (close_all(how) != ERR_NONE)
            _exit(99);
        errno = 0;
        _exit(attempt());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? KILLED : 100 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

static void test_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int first = outcome(rows[i].attempt, FIRST), narrow = outcome(rows[i].attempt, NARROW);

        if (rows[i].is_known && outcome(rows[i].attempt, NOTHING) != WORKED)
            fail_msg("%s: does not work without a sandbox either", rows[i].name);

        if (first != rows[i].first || narrow != rows[i].narrow)
            fail_msg("%s: %d and %d instead of %d and %d", rows[i].name, first, narrow,
                     rows[i].first, rows[i].narrow);
    }
}

static const struct {
    const char *name;
    int (*attempt)(void);
    long since; /* version of Landlock; 0: it never refuses this */
} walls[] = {
    { "open a file", try_open_as_allowed, 1 },
    { "connect over TCP", try_connect_tcp, LANDLOCK_NETWORK },
    { "bind", try_bind, LANDLOCK_NETWORK },
    { "socket of the parent", try_take_socket, 0 },
    { "send", try_send, 0 },
};

/* Without the filters. */
static void test_landlock(void **state)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(walls); i++) {
        bool refused = walls[i].since > 0 && version >= walls[i].since;
        int have = outcome(walls[i].attempt, LANDLOCK_ALONE);

        if (have != (refused ? REFUSED : WORKED))
            fail_msg("%s: %d with version %ld", walls[i].name, have, version);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_steps),
                                        cmocka_unit_test(test_landlock) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
