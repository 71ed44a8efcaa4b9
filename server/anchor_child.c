/* anchor_child.c: fork, exec and a pair of sockets. */
#include "server/anchor_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/loop.h"
#include "server/lifeline.h"
#include "server/sandbox.h"

#define PROGRAM "sotto-anchor"

enum {
    BACK_OFF_MIN_MS = 100,
    BACK_OFF_MAX_MS = 30 * 1000,
    STABLE_MS = 60 * 1000, /* after so long a crash is a new one, not the last one again */
    ARGUMENT_MAX = 96,
};

/* ---- The program ------------------------------------------------------------------------------------ */

static int open_beside(struct str path)
{
    char name[PATH_MAX];
    size_t folder = str_find_last(path, '/');
    int n;

    if (folder == path.n)
        return -1;
    n = snprintf(name, sizeof name, "%.*s/" PROGRAM, (int)folder, path.p);
    return n > 0 && (size_t)n < sizeof name ? open(name, O_PATH | O_CLOEXEC) : -1;
}

/* Beside our own executable, or beside the name by which we were called, which may be a link to it. */
static int find_program(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    int fd = n > 0 ? open_beside((struct str){ path, (size_t)n }) : -1;

    /* NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands it over as a number */
    return fd >= 0 ? fd : open_beside(str_from((const char *)getauxval(AT_EXECFN)));
}

/* ---- The process ------------------------------------------------------------------------------------ */

/* Between fork and exec. Nothing here may return. */
static void become_anchor(const struct anchor_child *a, int fd, pid_t parent)
{
    char numbers[2][16], places[ANCHOR_PLACES][ARGUMENT_MAX];
    char *argv[3 + ANCHOR_PLACES + 1] = { PROGRAM, numbers[0], numbers[1] };
    char *const environment[] = { NULL };
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!sandbox_tie_to_parent(parent))
        _exit(1);
    snprintf(numbers[0], sizeof numbers[0], "%d", parent);
    snprintf(numbers[1], sizeof numbers[1], "%d", fd);
    fcntl(fd, F_SETFD, 0);
    for (size_t i = 0; i < a->ports->count; i++) {
        const struct anchor_port *p = &a->ports->items[i];

        fcntl(p->fds[0], F_SETFD, 0);
        fcntl(p->fds[1], F_SETFD, 0);
        snprintf(places[i], sizeof places[i], "%d,%d,%.*s,%u", p->fds[0], p->fds[1],
                 STR_ARG(p->announced), p->port);
        argv[3 + i] = places[i];
    }
    fexecve(a->program, argv, environment);
    _exit(1);
}

static void start_later(struct anchor_child *a)
{
    a->start_ms = clock_steady_ms() + a->back_off_ms;
    a->back_off_ms = a->back_off_ms * 2 < BACK_OFF_MAX_MS ? a->back_off_ms * 2 : BACK_OFF_MAX_MS;
}

static bool start(struct anchor_child *a)
{
    int pair[2];
    pid_t parent = getpid();

    a->start_ms = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        start_later(a);
        return false;
    }
    a->pid = fork();
    if (a->pid == 0)
        become_anchor(a, pair[1], parent);
    close(pair[1]);
    a->born_ms = clock_steady_ms();
    if (a->pid < 0) {
        LOG(a->log, ERROR, "anchor.not_started", log_text("why", str_from(strerror(errno))));
        close(pair[0]);
        a->pid = 0;
        start_later(a);
        return false;
    }
    a->fd = pair[0];
    return true;
}

void anchor_child_init(struct anchor_child *a, const struct anchor_ports *ports, struct log *log)
{
    *a = (struct anchor_child){
        .ports = ports, .log = log, .program = -1, .fd = -1, .back_off_ms = BACK_OFF_MIN_MS
    };
    if (ports->count == 0)
        return;
    if ((a->program = find_program()) < 0)
        LOG(log, WARN, "anchor.missing",
            log_text("why", STR("there is no " PROGRAM " beside sottod: calls have no media")));
    else
        start(a);
}

void anchor_child_deinit(struct anchor_child *a)
{
    if (a->pid != 0)
        kill(a->pid, SIGKILL); /* it has nothing to finish */
    if (a->fd >= 0)
        close(a->fd);
    if (a->program >= 0)
        close(a->program);
    *a = (struct anchor_child){ .program = -1, .fd = -1 };
}

bool anchor_child_due(struct anchor_child *a)
{
    return a->start_ms != 0 && clock_steady_ms() >= a->start_ms && start(a);
}

void anchor_child_ended(struct anchor_child *a, int how)
{
    close(a->fd);
    a->fd = -1;
    a->pid = 0;
    if (clock_steady_ms() - a->born_ms >= STABLE_MS)
        a->back_off_ms = BACK_OFF_MIN_MS;
    LOG(a->log, ERROR, "anchor.crashed", log_int("signal", WIFSIGNALED(how) ? WTERMSIG(how) : 0),
        log_int("status", WIFEXITED(how) ? WEXITSTATUS(how) : 0),
        log_int("restart_ms", a->back_off_ms));
    start_later(a);
}

/* ---- Links ------------------------------------------------------------------------------------------ */

int anchor_child_link(const struct anchor_child *a)
{
    int pair[2];

    if (a->fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    if (lifeline_pass(a->fd, pair[0]) != ERR_NONE) {
        close(pair[1]);
        pair[1] = -1;
    }
    close(pair[0]);
    return pair[1];
}
