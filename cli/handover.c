/* handover.c: see handover.h. */
#include "cli/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/errand.h"
#include "io/folder_lock.h"
#include "io/local_socket.h"
#include "io/loop.h"

enum {
    OPENING_MS = 10 * 1000, /* for a run that has the lock, but takes no guests yet, or never */
    STEP_MS = 50,
    SILENCE_MS = 20 * 1000, /* a host says every five seconds that it goes on */
    IN_MAX = 4 * (ERRAND_HEAD + ERRAND_PIECE_MAX),
};

struct errand {
    struct program *program;
    int fd, signals;
    struct buf in;
    bool begun, stopped; /* stopped: by a signal; the host has been told */
    bool over;
    int status;
};

static void end(struct errand *e, int status)
{
    e->over = true;
    e->status = status;
}

static void fail(struct errand *e, const char *why)
{
    end(e, program_fail(e->program, STATUS_UNREACHABLE, "unreachable",
                        arena_printf(&e->program->arena,
                                     "%s; whether this was done, `sotto "
                                     "history` and the lists may tell",
                                     why)));
}

/* ---- What comes back ------------------------------------------------------------------------------- */

static void take(struct errand *e, enum errand_answer kind, struct str octets)
{
    FILE *to = kind == ERRAND_ERR ? e->program->err : e->program->out;

    e->begun = true;
    switch (kind) {
    case ERRAND_GOES_ON: break;
    case ERRAND_OUT:
    case ERRAND_ERR:
        fwrite(octets.p, 1, octets.n, to);
        fflush(to);
        break;
    case ERRAND_DONE: end(e, (unsigned char)octets.p[0]); break;
    }
}

static void hear(struct errand *e)
{
    char piece[ERRAND_PIECE_MAX];
    ssize_t n = recv(e->fd, piece, sizeof piece, MSG_DONTWAIT);
    struct bytes in;
    enum errand_answer kind;
    struct str octets;
    enum err bad = ERR_NONE;
    bool whole = true;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (e->begun)
            fail(e, "the sotto that had the account open has ended");
        e->over = true;
        return;
    }
    buf_add(&e->in, (struct str){ piece, (size_t)n });
    in = buf_bytes(&e->in);
    while (!e->over && bad == ERR_NONE && whole)
        if ((bad = errand_next(&in, &whole, &kind, &octets)) == ERR_NONE && whole)
            take(e, kind, octets);
    if (bad != ERR_NONE || e->in.failed)
        fail(e, "the sotto that has the account open says what this one does not understand");
    buf_consume(&e->in, e->in.n - in.n);
}

/* The first one asks the host to end it in order, as it would end here. */
static void on_signal(struct errand *e)
{
    struct signalfd_siginfo info;

    if (read(e->signals, &info, sizeof info) != sizeof info)
        return;
    if (e->stopped)
        end(e, STATUS_FAILED);
    e->stopped = true;
    shutdown(e->fd, SHUT_WR);
}

static void wait_for_end(struct errand *e)
{
    struct pollfd on[] = { { .fd = e->fd, .events = POLLIN },
                           { .fd = e->signals, .events = POLLIN } };

    while (!e->over) {
        int n = poll(on, COUNT_OF(on), SILENCE_MS);

        if (n == 0)
            fail(e, "the sotto that has the account open does not answer");
        if (n > 0 && on[0].revents != 0)
            hear(e);
        if (n > 0 && !e->over && on[1].revents != 0)
            on_signal(e);
    }
}

/* ---- Asking ---------------------------------------------------------------------------------------- */

/* The names of files, of a run that may be elsewhere. */
static void place_files(struct program *p, const struct command *c, const char *here)
{
    bool is_file = strcmp(c->name, "file") == 0;

    if (is_file && strcmp(p->arguments[0], "send") == 0 && p->arguments[2] != NULL
        && p->arguments[2][0] != '/')
        p->arguments[2] = arena_printf(&p->arena, "%s/%s", here, p->arguments[2]).p;
    if (is_file && strcmp(p->arguments[0], "get") == 0 && p->file.output == NULL) {
        p->file.output = here;
        p->file.given = true;
    }
}

static bool write_request(struct errand *e, const struct command *c)
{
    struct pollfd on = { .fd = e->fd, .events = POLLOUT };
    char here[PATH_MAX];
    struct buf out;
    size_t sent = 0;
    ssize_t n = 0;

    if (getcwd(here, sizeof here) == NULL)
        here[0] = '\0';
    place_files(e->program, c, arena_printf(&e->program->arena, "%s", here).p);
    buf_init(&out, ERRAND_LENGTH + ERRAND_REQUEST_MAX);
    errand_write(e->program, c, here, &out);
    while (!out.failed && sent < out.n && n >= 0 && poll(&on, 1, SILENCE_MS) > 0) {
        n = send(e->fd, out.p + sent, out.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            sent += (size_t)n;
    }
    if (out.failed)
        end(e, program_fail(e->program, STATUS_USAGE, "usage",
                            STR("this is too long for one command")));
    n = sent == out.n ? 1 : 0;
    buf_deinit(&out);
    return n > 0;
}

static int watch_signals(const struct command *c, sigset_t *out_before)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if ((c->options & TAKES_CALL) != 0)
        sigaddset(&set, SIGTSTP); /* as in a call of its own: it would go on unseen (calling.c) */
    sigprocmask(SIG_BLOCK, &set, out_before);
    sigdelset(&set, SIGTSTP);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* False: it was not begun, for the host ended at that moment. Takes fd. */
static bool run_errand(struct program *p, const struct command *c, int fd, int *out_status)
{
    struct errand e = { .program = p, .fd = fd, .status = STATUS_FAILED };
    sigset_t before;

    buf_init(&e.in, IN_MAX);
    e.signals = watch_signals(c, &before);
    if (write_request(&e, c))
        wait_for_end(&e);
    if (e.signals >= 0)
        close(e.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(fd);
    buf_deinit(&e.in);
    *out_status = e.status;
    return e.begun || e.stopped || e.status != STATUS_FAILED;
}

/* ---- Who has the account --------------------------------------------------------------------------- */

static bool is_free(const char *folder)
{
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool out = at < 0 || folder_lock_is_free(at, FOLDER_SERVER);

    if (at >= 0)
        close(at);
    return out;
}

/* What asks the person at this terminal, or records here, cannot be done elsewhere. */
static bool goes_over(const struct program *p, const struct command *c)
{
    const char *what = p->arguments[0];

    if (strcmp(c->name, "devices") == 0 && what != NULL && strcmp(what, "link") == 0)
        return false;
    return (c->options & IS_GUEST) != 0 && !p->file.record;
}

bool handover(struct program *p, const struct command *c, int *out_status)
{
    uint64_t until = clock_steady_ms() + OPENING_MS;
    int fd;

    do {
        fd = local_connect(p->folder, ERRAND_SOCKET);
        if (fd >= 0 && !goes_over(p, c)) {
            close(fd);
            *out_status = program_fail(
                p, STATUS_FAILED, "in-use",
                arena_printf(&p->arena,
                             "another sotto uses %s, and does not do this meanwhile: end it first, "
                             "or give this one a folder and an account of its own with --data",
                             p->folder));
            return true;
        }
        if (fd >= 0 && run_errand(p, c, fd, out_status))
            return true;
        if (fd < 0 && is_free(p->folder))
            return false;
        poll(NULL, 0, STEP_MS);
    } while (clock_steady_ms() < until);
    return false; /* opening the store says that it is in use */
}
