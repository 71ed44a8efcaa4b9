/* syscalls.c: an allow-list of system calls.
 *
 * Three answers. What the server needs is allowed. What only an intruder wants ends the process at
 * once, so that the attempt is seen: the supervisor logs the signal. Everything else answers
 * ENOSYS, as an older kernel would: libraries that try something new fall back to what is allowed,
 * so an update of libc or OpenSSL cannot bring the server down, and what we did not think of stays
 * shut. io_uring, which would pass by this filter, is shut for that reason.
 */
#include "server/syscalls.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

/* clang-format off */
static const char *const allowed[] = {
    /* memory */
    "brk", "madvise", "mincore", "mlock", "munlock", "mremap", "munmap", "membarrier",
    /* threads and signals */
    "exit", "exit_group", "futex", "futex_waitv", "get_robust_list", "getpid", "gettid", "getppid",
    "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "sched_getaffinity", "sched_setaffinity", "sched_yield",
    "set_robust_list", "set_tid_address", "sigaltstack",
    /* time */
    "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
    "timerfd_create", "timerfd_gettime", "timerfd_settime", "times",
    /* descriptors and waiting for them */
    "close", "close_range", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "fcntl", "lseek", "pipe",
    "pipe2", "poll", "ppoll", "pread64", "preadv", "preadv2", "pselect6", "pwrite64", "pwritev",
    "pwritev2", "read", "readv", "select", "sendfile", "signalfd4", "write", "writev",
    /* files; Landlock says which */
    "access", "chmod", "creat", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchmod",
    "fchmodat", "fchown", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd",
    "getdents64", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "readahead",
    "readlink", "readlinkat", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs", "statx",
    "sync_file_range", "truncate", "umask", "unlink", "unlinkat", "utimensat",
    /* sockets that exist already; the supervisor binds, and nothing here calls out */
    "accept", "accept4", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
    "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    /* what the machine is like */
    "getcpu", "getegid", "geteuid", "getgid", "getgroups", "getrandom", "getrlimit", "getrusage",
    "getuid", "sysinfo", "uname",
};

static const char *const deadly[] = {
    /* other programs */
    "execve", "execveat",
    /* other processes */
    "process_vm_readv", "process_vm_writev", "ptrace", "kcmp", "pidfd_getfd", "process_madvise",
    /* keys of the kernel */
    "add_key", "keyctl", "request_key",
    /* the kernel's soft spots */
    "bpf", "perf_event_open", "userfaultfd",
    /* other views of the file system */
    "chroot", "fsopen", "fsmount", "mount", "mount_setattr", "move_mount", "open_tree",
    "pivot_root", "setns", "umount2", "unshare", "open_by_handle_at",
    /* the machine */
    "delete_module", "finit_module", "init_module", "kexec_file_load", "kexec_load", "ioperm",
    "iopl", "modify_ldt", "personality", "reboot", "swapoff", "swapon", "acct", "quotactl",
    "syslog", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
    "setdomainname",
    /* another user */
    "setfsgid", "setfsuid", "setgid", "setgroups", "setregid", "setresgid", "setresuid", "setreuid",
    "setuid", "capset",
};
/* clang-format on */

static const unsigned long ioctls[] = { FIONBIO, FIONREAD, FIOCLEX, TCGETS };

struct rules {
    scmp_filter_ctx filter;
    int failed; /* the first error, as -errno */
};

static void note(struct rules *r, int result)
{
    if (r->failed == 0)
        r->failed = result;
}

static void add(struct rules *r, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    /* Not every architecture has every call, and the library may be older than the list. */
    if (number != __NR_SCMP_ERROR && number >= 0)
        note(r, seccomp_rule_add(r->filter, action, number, 0));
}

/* Allowed if the argument that `test` names passes it. */
static void allow_if(struct rules *r, int number, struct scmp_arg_cmp test)
{
    note(r, seccomp_rule_add_array(r->filter, SCMP_ACT_ALLOW, number, 1, &test));
}

/* Calls that are harmless with some arguments only. */
static void add_conditional(struct rules *r)
{
    const uint64_t thread = CLONE_VM | CLONE_THREAD;

    /* Memory is never both made by us and run: no shell code, no dlopen(). */
    allow_if(r, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    allow_if(r, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    /* Threads, but no processes. The flags of clone3() cannot be seen here; libc falls back to
     * clone(). */
    allow_if(r, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
    /* abort() and assert() signal themselves. */
    allow_if(r, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    allow_if(r, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    /* Limits are read, not set. */
    allow_if(r, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
    for (size_t i = 0; i < COUNT_OF(ioctls); i++)
        allow_if(r, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
}

enum err syscalls_restrict(void)
{
    struct rules r = { .filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS)) };
    const uint32_t kill = SECCOMP_RET_KILL_PROCESS;

    if (r.filter == NULL)
        return ERR_IO;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill) != 0) {
        seccomp_release(r.filter);
        return ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        add(&r, SCMP_ACT_ALLOW, allowed[i]);
    for (size_t i = 0; i < COUNT_OF(deadly); i++)
        add(&r, SCMP_ACT_KILL_PROCESS, deadly[i]);
    add_conditional(&r);
    /* A search tree instead of a chain of comparisons: every call passes through here. */
    note(&r, seccomp_attr_set(r.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2));
    if (r.failed == 0)
        r.failed = seccomp_load(r.filter);
    seccomp_release(r.filter);
    errno = -r.failed;
    return r.failed == 0 ? ERR_NONE : ERR_IO;
}
