/* sandbox.c: an attempt at anything else ends the process, so that it is seen: the supervisor logs the signal and starts anew. */
#include "anchor/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/landlock.h"
#include "io/syscall_filter.h"

static enum err refuse(const char *what)
{
    fprintf(stderr, "sotto-anchor: %s: %s\n", what, strerror(errno));
    return ERR_IO;
}

static enum err drop_root(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(ANCHOR_USER) : NULL;

    if (user == NULL)
        return ERR_NONE;
    return initgroups(ANCHOR_USER, user->pw_gid) == 0
                   && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0
                   && setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0
               ? ERR_NONE
               : refuse("become " ANCHOR_USER);
}

#ifdef SOTTO_SANITIZED
/* Sanitizers read /proc, run a symboliser and trace the process: such a build is for tests only. */
static enum err confine(void)
{
    return ERR_NONE;
}
#else
/* clang-format off */
static const char *const allowed[] = {
    "recvmmsg", "sendmmsg", "sendto", "recvfrom", "recvmsg", "sendmsg",
    "epoll_wait", "epoll_pwait", "epoll_ctl",
    "read", "write", "close", "clock_gettime", "getrandom", "getpid", "gettid",
    "brk", "munmap", "mremap", "madvise", "futex", "rt_sigprocmask", "rt_sigreturn", "rt_sigaction",
    "restart_syscall", "exit", "exit_group",
};
/* clang-format on */

static enum err restrict_calls(void)
{
    struct syscall_filter f;

    syscall_filter_init(&f, SCMP_ACT_KILL_PROCESS);
    syscall_filter_add(&f, SCMP_ACT_ALLOW, allowed, COUNT_OF(allowed));
    /* Memory is never run. */
    syscall_filter_allow_if(&f, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    syscall_filter_allow_if(&f, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    /* abort() and assert() signal themselves. */
    syscall_filter_allow_if(&f, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    if (f.failed == 0)
        f.failed = seccomp_attr_set(f.list, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return syscall_filter_load(&f) == ERR_NONE ? ERR_NONE : refuse("seccomp");
}

static enum err confine(void)
{
    enum err e;

    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return refuse("core dumps and tracing off");
    e = landlock_restrict(NULL, 0, NULL, 0);
    if (e == ERR_UNSUPPORTED)
        fprintf(stderr,
                "sotto-anchor: this kernel has no Landlock: files are not forbidden twice\n");
    else if (e != ERR_NONE)
        return refuse("Landlock");
    return restrict_calls();
}
#endif

enum err sandbox_enter(int parent_pid)
{
    struct rlimit none = { 0, 0 };

    if (drop_root() != ERR_NONE)
        return ERR_IO;
    /* Another user is another's child to the kernel; and the parent may be gone already. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent_pid)
        return refuse("the supervisor is gone");
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refuse("core dumps and new privileges off");
    return confine();
}
