/* sandbox.c: privileges, files and system calls that the server process gives up. */
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/syscalls.h"

static enum err refuse(struct log *log, const char *what)
{
    LOG(log, ERROR, "sandbox.failed", log_text("what", str_from(what)), log_text("why", str_from(strerror(errno))));
    return ERR_IO;
}

/* ---- Privileges ---- */

enum err sandbox_drop_root(struct log *log)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return ERR_NONE;
    if ((user = getpwnam(SANDBOX_USER)) == NULL) {
        LOG(log, WARN, "sandbox.still_root", log_text("why", STR("there is no user " SANDBOX_USER " to become")));
        return ERR_NONE;
    }
    if (initgroups(SANDBOX_USER, user->pw_gid) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
        return refuse(log, "become " SANDBOX_USER);
    return ERR_NONE;
}

bool sandbox_tie_to_parent(int parent_pid)
{
    /* The parent may have died before the kernel knew that we care: then we belong to somebody else by now. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent_pid;
}

static enum err forbid_dumps(struct log *log)
{
    struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        return refuse(log, "core dumps off");
    return ERR_NONE;
}

/* ---- Files: Landlock ---- */

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)     /* Linux 6.2, third version of the interface */
#endif

enum { LANDLOCK_REFER_VERSION = 2, LANDLOCK_TRUNCATE_VERSION = 3 };

static const uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t write_rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER |
                                     LANDLOCK_ACCESS_FS_TRUNCATE;
/* Handled, so forbidden, and allowed nowhere. */
static const uint64_t never_rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

static uint64_t known_rights(long version)
{
    uint64_t rights = read_rights | write_rights | never_rights;

    if (version < LANDLOCK_TRUNCATE_VERSION)
        rights &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
    if (version < LANDLOCK_REFER_VERSION)
        rights &= ~LANDLOCK_ACCESS_FS_REFER;
    return rights;
}

static enum err allow_path(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = rights };
    long failed;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return ERR_IO;
    failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return failed ? ERR_IO : ERR_NONE;
}

static enum err restrict_files(const struct sandbox_rules *rules, struct log *log)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attr = { .handled_access_fs = known_rights(version) };
    enum err e = ERR_NONE;
    int ruleset;

    if (version < 1) {
        LOG(log, WARN, "sandbox.no_landlock",
            log_text("why", STR("this kernel cannot confine the server to its folder; Linux 5.13 with landlock can")));
        return ERR_NONE;
    }
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return refuse(log, "landlock");
    for (size_t i = 0; i < rules->folder_count && e == ERR_NONE; i++)
        e = allow_path(ruleset, rules->folders[i], (read_rights | write_rights) & attr.handled_access_fs);
    /* SQLite seeds its generator from here. */
    if (e == ERR_NONE)
        e = allow_path(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE);
    if (e != ERR_NONE || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        e = refuse(log, "landlock");
    close(ruleset);
    return e;
}

enum err sandbox_enter(const struct sandbox_rules *rules, struct log *log)
{
    enum err e;

    if ((e = forbid_dumps(log)) != ERR_NONE)
        return e;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refuse(log, "no new privileges");
#ifdef SOTTO_SANITIZED
    /* Sanitizers read /proc, run a symboliser and trace the process: this build is for tests only. */
    (void)rules;
    LOG(log, WARN, "sandbox.off", log_text("why", STR("this is a sanitizer build")));
    return ERR_NONE;
#else
    if ((e = restrict_files(rules, log)) != ERR_NONE)
        return e;
    if ((e = syscalls_restrict()) == ERR_UNSUPPORTED) {
        LOG(log, WARN, "sandbox.no_seccomp", log_text("why", STR("this kernel cannot restrict system calls")));
        e = ERR_NONE;
    }
    return e == ERR_NONE ? ERR_NONE : refuse(log, "seccomp");
#endif
}
