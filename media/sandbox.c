/* sandbox.c: Landlock without a single rule, and two lists of system calls. */
#include "media/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/syscall_filter.h"

enum err sandbox_tie(int parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent ? ERR_NONE : ERR_IO;
}

#ifdef SOTTO_SANITIZED
/* Sanitizers read /proc and run a symboliser: such a build is for tests only. */
enum err sandbox_begin(void)
{
    return ERR_NONE;
}

enum err sandbox_landlock(void)
{
    return ERR_NONE;
}

enum err sandbox_narrow(void)
{
    return ERR_NONE;
}
#else

/* Later versions of the interface than Debian 12's header knows. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
enum { LANDLOCK_TRUNCATE = 3, LANDLOCK_NETWORK = 4, LANDLOCK_SCOPES = 6 };
static const uint64_t network_rights = 3; /* TCP: bind, connect */
static const uint64_t scopes = 3;         /* abstract Unix sockets, signals */

/* The attribute as of version 6: an older kernel takes its beginning. */
struct landlock_rights {
    uint64_t files, network, scoped;
};

/* clang-format off */
/* Once media flows. docs/media.md has the reason for each. */
static const char *const always[] = {
    "poll", "ppoll", "read", "write", "pread64", "pwrite64", "recvfrom", "close",
    "brk", "munmap", "mremap", "madvise", "futex", "getrandom", "clock_gettime", "restart_syscall",
    "rt_sigreturn", "exit", "exit_group",
};
/* Before that: recvmsg for sockets of the parent. */
static const char *const at_first[] = {
    "recvmsg", "seccomp", "getpid", "gettid", "gettimeofday", "time", "rt_sigprocmask", "sched_yield", "lseek", "fstat",
};
/* No library asks for these by the way, so whoever does is not us. Options too: one of IPv4's sends what a connected socket
 * sends by way of any other address (RFC 791, source routing), and some addresses come with a message. */
static const char *const deadly[] = {
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "setsockopt", "sendmsg", "sendmmsg",
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "bpf", "userfaultfd",
    "io_uring_setup", "keyctl", "add_key", "mount", "unshare", "setns",
};
/* clang-format on */

/* ---- Files, and TCP ---- */

static uint64_t file_rights(long version)
{
    uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* the first version's thirteen */

    if (version >= 2)
        all |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= LANDLOCK_TRUNCATE)
        all |= LANDLOCK_ACCESS_FS_TRUNCATE;
    return all;
}

enum err sandbox_landlock(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_rights r = { .files = file_rights(version) };
    size_t size = sizeof r.files;
    int ruleset;
    long failed;

    if (version < 1)
        return ERR_UNSUPPORTED;
    if (version >= LANDLOCK_NETWORK) {
        r.network = network_rights;
        size += sizeof r.network;
    }
    if (version >= LANDLOCK_SCOPES) {
        r.scoped = scopes;
        size += sizeof r.scoped;
    }
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
    if (ruleset < 0)
        return ERR_IO;
    failed = syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    return failed ? ERR_IO : ERR_NONE;
}

/* ---- System calls ---- */

static void add_common(struct syscall_filter *f)
{
    syscall_filter_add(f, SCMP_ACT_ALLOW, always, COUNT_OF(always));
    /* To whom a socket is connected and to nobody else: no address is ever given. */
    syscall_filter_allow_if(f, SCMP_SYS(sendto), SCMP_A4(SCMP_CMP_EQ, 0));
    /* Nothing that can be written is ever run. */
    syscall_filter_allow_if(f, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    syscall_filter_allow_if(f, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static void add_first(struct syscall_filter *f)
{
    syscall_filter_add(f, SCMP_ACT_ALLOW, at_first, COUNT_OF(at_first));
    syscall_filter_add(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT_OF(deadly));
    syscall_filter_note(f, seccomp_rule_add(f->list, SCMP_ACT_KILL_PROCESS, SCMP_SYS(sendto), 1,
                                            SCMP_A4(SCMP_CMP_NE, 0)));
}

static enum err restrict_calls(bool first)
{
    struct syscall_filter f;

    syscall_filter_init(&f, first ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
    add_common(&f);
    if (first)
        add_first(&f);
    /* No new privileges: sandbox_begin() has done it, and the second time prctl() is gone. */
    if (f.failed == 0)
        f.failed = seccomp_attr_set(f.list, SCMP_FLTATR_CTL_NNP, 0);
    return syscall_filter_load(&f);
}

/* ---- Steps ---- */

enum err sandbox_begin(void)
{
    struct rlimit none = { 0, 0 };
    enum err e;

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0
        || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return ERR_IO;
    e = sandbox_landlock();
    return e == ERR_NONE ? restrict_calls(true) : e;
}

enum err sandbox_narrow(void)
{
    return restrict_calls(false);
}
#endif
