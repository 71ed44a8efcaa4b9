/* run.c: what the modes share while they run. */
#include "bench/load/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/load/clock.h"

enum {
    LEAN_FROM = 1000, /* so many connections: memory matters more than CPU */
    SPARE_FILES = 64,
    PROGRESS_NS = 250000000,
};

bool run_fail(struct run *r, enum run_status status, const char *format, ...)
{
    va_list args;

    if (r->status != RUN_DONE)
        return false;
    r->status = status;
    va_start(args, format);
    vsnprintf(r->why, sizeof r->why, format, args);
    va_end(args);
    fprintf(stderr, "%ssotto-load: %s\n", r->terminal ? "\r\033[K" : "", r->why);
    return false;
}

bool run_lost(struct run *r, const struct fleet_event *lost)
{
    return run_fail(r, lost->member->client.step == STEP_READY ? RUN_SERVER_LOST : RUN_FAILED,
                    "%s@%s: %.*s", lost->member->client.user, r->options->domain,
                    STR_ARG(lost->text));
}

void run_progress(struct run *r, const char *format, ...)
{
    uint64_t now = clock_ns();
    va_list args;

    if (!r->terminal || now - r->progress_ns < PROGRESS_NS)
        return;
    r->progress_ns = now;
    fputs("\r\033[K", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

static bool read_password(struct run *r)
{
    FILE *in = fopen(r->options->password_file, "re");
    bool good = in != NULL && fgets(r->password, sizeof r->password, in) != NULL;

    if (in != NULL)
        fclose(in);
    r->password[strcspn(r->password, "\r\n")] = '\0';
    if (good && r->password[0] != '\0')
        return true;
    return run_fail(r, RUN_BAD_USAGE, "--password-file: %s has no password in its first line",
                    r->options->password_file);
}

static bool raise_file_limit(struct run *r, size_t members)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (members + SPARE_FILES <= limit.rlim_cur)
        return true;
    return run_fail(r, RUN_BAD_USAGE,
                    "%zu connections do not fit under the limit of %llu open files", members,
                    (unsigned long long)limit.rlim_cur);
}

enum err run_init(struct run *r, const struct options *o, size_t members)
{
    struct fleet *f = &r->fleet;

    *r = (struct run){ .options = o, .report = json_object(), .fleet.epoll = -1 };
    r->terminal = isatty(STDERR_FILENO);
    if (!read_password(r) || !raise_file_limit(r, members))
        return ERR_IO;
    if (keyring_init(&r->keyring, o->mechanism, r->password) != ERR_NONE) {
        run_fail(r, RUN_BAD_USAGE, "--mechanism: %s is not known", o->mechanism);
        return ERR_UNSUPPORTED;
    }
    f->profile = (struct client_profile){
        .domain = o->domain,
        .mechanism = o->mechanism,
        .keyring = &r->keyring,
        .tls = (enum client_tls)o->tls,
        .acks = o->acks,
        .presence = !o->no_presence,
    };
    if (wire_setup_init(&f->setup, o->host, (uint16_t)o->port, o->domain, (unsigned)o->sources,
                        members >= LEAN_FROM)
        != ERR_NONE) {
        run_fail(r, RUN_BAD_USAGE, "--host: %s is not an IP address", o->host);
        return ERR_MALFORMED;
    }
    if (fleet_init(f, members, o->user_prefix, o->timeout_s * NS_PER_SECOND) != ERR_NONE) {
        run_fail(r, RUN_FAILED, "epoll: %s", strerror(errno));
        return ERR_IO;
    }
    return ERR_NONE;
}

void run_deinit(struct run *r)
{
    fleet_deinit(&r->fleet);
    wire_setup_deinit(&r->fleet.setup);
    keyring_deinit(&r->keyring);
    secure_zero(r->password, sizeof r->password);
    json_decref(r->report);
}

static bool open_member(struct run *r, size_t nth)
{
    const struct options *o = r->options;
    unsigned account = (unsigned)(o->first_account + nth % o->accounts);

    if (fleet_open(&r->fleet, &r->fleet.members[nth], account, (unsigned)(nth / o->accounts))
        == ERR_NONE)
        return true;
    return run_fail(r, RUN_FAILED, "connecting to %s:%llu: %s", o->host,
                    (unsigned long long)o->port, wire_reason());
}

bool run_log_in(struct run *r, size_t from, size_t to)
{
    size_t opened = from, ready = from;
    struct fleet_event event;

    while (ready < to) {
        for (; opened < to && opened - ready < r->options->concurrency; opened++)
            if (!open_member(r, opened))
                return false;
        fleet_turn(&r->fleet, clock_ns() + 100 * NS_PER_MS);
        while (fleet_next(&r->fleet, &event)) {
            if (event.kind == FLEET_LOST)
                return run_lost(r, &event);
            if (event.kind == FLEET_READY)
                ready++;
        }
        run_progress(r, "logged in %zu of %zu", ready, to);
    }
    return true;
}

bool run_rest(struct run *r, uint64_t seconds)
{
    uint64_t until = clock_ns() + seconds * NS_PER_SECOND;
    struct fleet_event event;

    for (uint64_t now; (now = clock_ns()) < until;) {
        fleet_turn(&r->fleet, until);
        while (fleet_next(&r->fleet, &event))
            if (event.kind == FLEET_LOST)
                return run_lost(r, &event);
    }
    return true;
}

bool run_read_cpu(struct run *r, struct reading *out)
{
    *out = (struct reading){ .ns = clock_ns(), .own_cpu_us = proc_own_cpu_us() };
    proc_machine(&out->machine);
    if (proc_cpu(&r->options->server, &out->server) == ERR_NONE)
        return true;
    return run_fail(r, RUN_SERVER_LOST, "a server process named by --pid is gone");
}

bool run_read_memory(struct run *r, struct proc_usage *out)
{
    if (proc_memory(&r->options->server, out) == ERR_NONE)
        return true;
    return run_fail(r, RUN_SERVER_LOST, "a server process named by --pid is gone");
}
