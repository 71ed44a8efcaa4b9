/* supervisor.c: the life of the server process: started, watched, restarted, reloaded, drained. */
#include "server/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/loop.h"
#include "server/anchor_child.h"
#include "server/child.h"
#include "server/config_keys.h"
#include "server/lifeline.h"
#include "server/notify.h"
#include "server/startup.h"

enum {
    STOP_MS = 4500, /* SIGTERM ends everything within 5 s */
    BACK_OFF_MIN_MS = 100,
    BACK_OFF_MAX_MS = 30 * 1000,
    STABLE_MS = 60 * 1000, /* after so long a crash is a new one, not the last one again */
    DUMP_MAX = 4 * 1024 * 1024,
};

struct supervisor {
    const struct supervisor_options *options;
    struct startup up;
    int signals;
    pid_t child;  /* 0: none */
    int lifeline; /* -1: closed */
    struct anchor_child anchor;
    bool announced; /* some server process was ready once */
    bool stopping;
    bool refused; /* the last reload: a restart would be, too */
    unsigned back_off_ms;
    uint64_t born_ms;     /* of the child */
    uint64_t deadline_ms; /* with a child: kill it; without: start one; 0: none */
    int status;           /* to end with; -1: go on */
};

/* ---- The server process ---- */

static void try_later(struct supervisor *s)
{
    s->deadline_ms = clock_steady_ms() + s->back_off_ms;
    s->back_off_ms = s->back_off_ms * 2 < BACK_OFF_MAX_MS ? s->back_off_ms * 2 : BACK_OFF_MAX_MS;
}

/* Server and anchor each get one end of a new pair, whichever of the two was started just now. */
static void connect_anchor(struct supervisor *s)
{
    int fd = s->lifeline >= 0 ? anchor_child_link(&s->anchor) : -1;

    if (fd < 0)
        return;
    if (lifeline_pass(s->lifeline, fd) != ERR_NONE)
        LOG(s->up.log, WARN, "anchor.not_connected", log_text("why", str_from(strerror(errno))));
    close(fd);
}

static void start_child(struct supervisor *s)
{
    struct str why;
    struct handover h;
    enum err e = startup_hand_over(&s->up, &h, &why);

    if (e == ERR_NONE && (e = child_start(s->up.program, &h, &s->child, &s->lifeline)) != ERR_NONE)
        why = str_from(strerror(errno));
    startup_close_sealed(&h);
    s->born_ms = clock_steady_ms();
    s->deadline_ms = 0;
    if (e == ERR_NONE) {
        connect_anchor(s);
        return;
    }
    s->child = 0;
    LOG(s->up.log, ERROR, "server.not_started", log_text("why", why));
    if (s->announced)
        try_later(s);
    else
        s->status = 1;
}

static void close_lifeline(struct supervisor *s)
{
    if (s->lifeline >= 0)
        close(s->lifeline);
    s->lifeline = -1;
}

/* The server process says so to `sottoctl check`; one that starts later hears it when it is ready. */
static void tell_refused(const struct supervisor *s)
{
    if (s->refused && s->lifeline >= 0
        && lifeline_order(s->lifeline, ORDER_REFUSED, -1, -1, -1) != ERR_NONE)
        LOG(s->up.log, WARN, "server.not_told");
}

static void on_lifeline(struct supervisor *s)
{
    switch (lifeline_hear(s->lifeline)) {
    case HEARD_NOTHING: break;
    case HEARD_GONE: close_lifeline(s); break; /* its death follows as a signal */
    case HEARD_READY:
        tell_refused(s);
        if (s->announced) {
            LOG(s->up.log, INFO, "server.restarted", log_int("pid", s->child));
            break;
        }
        s->announced = true;
        dprintf(STDERR_FILENO, "sotto: ready\n");
        notify(STR("READY=1"));
        break;
    }
}

static void on_crash(struct supervisor *s, int how)
{
    if (clock_steady_ms() - s->born_ms >= STABLE_MS)
        s->back_off_ms = BACK_OFF_MIN_MS;
    LOG(s->up.log, ERROR, "server.crashed", log_int("signal", WIFSIGNALED(how) ? WTERMSIG(how) : 0),
        log_int("status", WIFEXITED(how) ? WEXITSTATUS(how) : 0),
        log_int("restart_ms", s->back_off_ms));
    try_later(s);
}

static void on_child_end(struct supervisor *s, int how)
{
    bool clean = WIFEXITED(how) && WEXITSTATUS(how) == 0;

    s->child = 0;
    close_lifeline(s);
    if (s->stopping || clean || !s->announced)
        s->status = clean ? 0 : 1; /* a clean end without our order is `sottoctl drain` */
    else
        on_crash(s, how);
    if (!s->stopping && !s->announced && !clean)
        LOG(s->up.log, ERROR, "server.not_started",
            log_int("signal", WIFSIGNALED(how) ? WTERMSIG(how) : 0),
            log_int("status", WIFEXITED(how) ? WEXITSTATUS(how) : 0));
}

/* ---- Orders of the operator ---- */

static void stop(struct supervisor *s)
{
    if (s->stopping && s->child != 0) {
        kill(s->child, SIGKILL); /* asked twice: somebody is in a hurry */
        return;
    }
    s->stopping = true;
    notify(STR("STOPPING=1"));
    if (s->child == 0)
        s->status = 0;
    else if (s->lifeline < 0 || lifeline_order(s->lifeline, ORDER_DRAIN, -1, -1, -1) != ERR_NONE)
        kill(s->child, SIGKILL);
    s->deadline_ms = clock_steady_ms() + STOP_MS;
}

static void say_what_waits(struct supervisor *s, const struct config *wanted)
{
    struct arena a = { 0 };

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (!key->live && key->built
            && !str_eq(config_text(s->up.config, i, &a), config_text(wanted, i, &a)))
            LOG(s->up.log, WARN, "config.needs_restart",
                log_text("key", arena_printf(&a, "%s.%s", key->section, key->name)));
    }
    arena_deinit(&a);
}

static const struct config *merge(const struct config *running, const struct config *wanted)
{
    const struct config *merged = NULL;
    struct buf text, problems;

    buf_init(&text, DUMP_MAX);
    buf_init(&problems, DUMP_MAX);
    config_dump_reload(running, wanted, &text);
    if (config_undump(buf_str(&text), &merged, &problems) != ERR_NONE)
        merged = NULL;
    buf_deinit(&text);
    buf_deinit(&problems);
    return merged;
}

static enum err send_reload(struct supervisor *s, struct str *why)
{
    struct handover h;
    enum err e = data_dir_lower(why, &s->up.scratch), raised;
    struct str other;

    if (e == ERR_NONE)
        e = data_dir_make_certificate(&s->up.dir, s->up.config, why, &s->up.scratch);
    raised = data_dir_raise(&other, &s->up.scratch);
    if (e != ERR_NONE || raised != ERR_NONE)
        return ERR_IO;
    if ((e = startup_hand_over(&s->up, &h, why)) == ERR_NONE && s->lifeline >= 0)
        e = lifeline_order(s->lifeline, ORDER_RELOAD, h.config_fd, h.certificate_fd, h.key_fd);
    startup_close_sealed(&h);
    return e;
}

/* Either all of the new configuration that can change now, or nothing of it. */
static enum err take_configuration(struct supervisor *s, struct str *why)
{
    const struct config *before = s->up.config, *wanted, *merged;
    enum err e;

    *why = STR("the configuration has errors");
    if (startup_load(s->options, &wanted) != ERR_NONE)
        return ERR_MALFORMED;
    say_what_waits(s, wanted);
    merged = merge(before, wanted);
    config_unref(wanted);
    if (merged == NULL)
        return ERR_MALFORMED;
    s->up.config = merged;
    if ((e = send_reload(s, why)) != ERR_NONE)
        s->up.config = before;
    config_unref(e == ERR_NONE ? before : merged);
    return e;
}

static void reload(struct supervisor *s)
{
    struct str why;

    notify_reloading();
    s->refused = take_configuration(s, &why) != ERR_NONE;
    if (!s->refused) {
        log_configure(s->up.log, s->up.config->log.level, s->up.config->log.format);
        LOG(s->up.log, INFO, "config.reloaded");
    } else {
        LOG(s->up.log, ERROR, "config.not_reloaded", log_text("why", why));
        tell_refused(s);
    }
    notify(STR("READY=1"));
}

/* ---- The loop ---- */

static void reap(struct supervisor *s)
{
    int how;

    while (s->child != 0 && waitpid(s->child, &how, WNOHANG) == s->child)
        on_child_end(s, how);
    if (s->anchor.pid != 0 && waitpid(s->anchor.pid, &how, WNOHANG) == s->anchor.pid)
        anchor_child_ended(&s->anchor, how);
}

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;

    if (read(s->signals, &info, sizeof info) != sizeof info)
        return;
    switch (info.ssi_signo) {
    case SIGTERM:
    case SIGINT: stop(s); break;
    case SIGHUP:
        if (!s->stopping)
            reload(s);
        break;
    case SIGCHLD: reap(s); break;
    default: break;
    }
}

static void on_deadline(struct supervisor *s)
{
    s->deadline_ms = 0;
    if (s->child == 0) {
        start_child(s);
        return;
    }
    LOG(s->up.log, ERROR, "server.killed",
        log_text("why", STR("it did not end in time after SIGTERM")));
    kill(s->child, SIGKILL);
}

static int time_left(uint64_t deadline_ms)
{
    uint64_t now = clock_steady_ms();

    if (deadline_ms == 0)
        return -1;
    return deadline_ms > now ? (int)(deadline_ms - now) : 0;
}

static uint64_t next_deadline(const struct supervisor *s)
{
    uint64_t anchor = s->anchor.start_ms;

    if (s->deadline_ms == 0 || (anchor != 0 && anchor < s->deadline_ms))
        return anchor;
    return s->deadline_ms;
}

static void wait_once(struct supervisor *s)
{
    struct pollfd fds[2] = { { .fd = s->signals, .events = POLLIN },
                             { .fd = s->lifeline, .events = POLLIN } };

    if (poll(fds, COUNT_OF(fds), time_left(next_deadline(s))) < 0)
        return;
    if (fds[1].revents != 0)
        on_lifeline(s);
    if (fds[0].revents != 0)
        on_signal(s);
    if (s->deadline_ms != 0 && time_left(s->deadline_ms) == 0)
        on_deadline(s);
    if (anchor_child_due(&s->anchor))
        connect_anchor(s);
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int supervisor_run(const struct supervisor_options *options)
{
    struct supervisor s = {
        .options = options,
        .lifeline = -1,
        .anchor = { .program = -1, .fd = -1 },
        .back_off_ms = BACK_OFF_MIN_MS,
        .status = -1,
    };

    s.signals = open_signals();
    s.status = startup_open(options, &s.up);
    if (s.status < 0) {
        start_child(&s);
        anchor_child_init(&s.anchor, &s.up.anchor_ports, s.up.log);
        connect_anchor(&s);
    }
    while (s.status < 0)
        wait_once(&s);
    anchor_child_deinit(&s.anchor);
    close_lifeline(&s);
    close(s.signals);
    startup_close(&s.up);
    return s.status;
}
