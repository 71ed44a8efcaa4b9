/* sandbox.c: privileges, files and system calls that the server process gives up. */
#include "server/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/landlock.h"
#include "server/syscalls.h"

static enum err refuse(struct log *log, const char *what)
{
    LOG(log, ERROR, "sandbox.failed", log_text("what", str_from(what)),
        log_text("why", str_from(strerror(errno))));
    return ERR_IO;
}

/* ---- Privileges ---- */

enum err sandbox_drop_root(struct log *log)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return ERR_NONE;
    if ((user = getpwnam(SANDBOX_USER)) == NULL) {
        LOG(log, WARN, "sandbox.still_root",
            log_text("why", STR("there is no user " SANDBOX_USER " to become")));
        return ERR_NONE;
    }
    if (initgroups(SANDBOX_USER, user->pw_gid) != 0
        || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0
        || setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
        return refuse(log, "become " SANDBOX_USER);
    return ERR_NONE;
}

bool sandbox_tie_to_parent(int parent_pid)
{
    /* The parent may have died before the kernel knew that we care: then we belong to somebody
     * else by now. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent_pid;
}

/* ---- Files and system calls ---- */

#ifdef SOTTO_SANITIZED
/* Sanitizers read /proc, run a symboliser and trace the process: such a build is for tests only. */
static enum err confine(const struct sandbox_rules *rules, struct log *log)
{
    (void)rules;
    LOG(log, WARN, "sandbox.off", log_text("why", STR("this is a sanitizer build")));
    return ERR_NONE;
}
#else
/* What the C library's resolver reads. Where a service of the machine writes resolv.conf anew, it does so in a folder of its
 * own. */
static const char *const readable[] = {
    "/dev/urandom", /* SQLite seeds its generator from here */
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",   "/etc/gai.conf",
    "/etc/host.conf",   "/etc/services", "/run/systemd/resolve",
};

static enum err note_missing(struct log *log, const char *event, const char *why)
{
    log_write(log, LOG_LEVEL_WARN, event,
              (const struct log_field[]){ log_text("why", str_from(why)) }, 1);
    return ERR_NONE;
}

static enum err confine(const struct sandbox_rules *rules, struct log *log)
{
    enum err e;

    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return refuse(log, "core dumps and tracing off");
    e = landlock_restrict(rules->folders, rules->folder_count, readable,
                          rules->calls_out ? COUNT_OF(readable) : 1);
    if (e == ERR_UNSUPPORTED)
        e = note_missing(log, "sandbox.no_landlock",
                         "this kernel cannot confine the server to its folder; Linux 5.13 with "
                         "Landlock can");
    if (e != ERR_NONE)
        return refuse(log, "Landlock");
    e = syscalls_restrict(rules->calls_out);
    if (e == ERR_UNSUPPORTED)
        e = note_missing(log, "sandbox.no_seccomp", "this kernel cannot restrict system calls");
    return e == ERR_NONE ? ERR_NONE : refuse(log, "seccomp");
}
#endif

enum err sandbox_enter(const struct sandbox_rules *rules, struct log *log)
{
    struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return refuse(log, "core dumps off");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refuse(log, "no new privileges");
    return confine(rules, log);
}
