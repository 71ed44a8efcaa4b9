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
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/syscall_filter.h"

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
    /* sockets that exist already; the supervisor binds */
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

/* Calls that are harmless with some arguments only. */
static void add_conditional(struct syscall_filter *f)
{
    const uint64_t thread = CLONE_VM | CLONE_THREAD;

    /* Memory is never both made by us and run: no shell code, no dlopen(). */
    syscall_filter_allow_if(f, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    syscall_filter_allow_if(f, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    /* Threads, but no processes. The flags of clone3() cannot be seen here; libc falls back to
     * clone(). */
    syscall_filter_allow_if(f, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
    /* abort() and assert() signal themselves. */
    syscall_filter_allow_if(f, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    syscall_filter_allow_if(f, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    /* Limits are read, not set. */
    syscall_filter_allow_if(f, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
    /* Two ends of nothing but each other: the way from a relay to the anchor. */
    syscall_filter_allow_if(f, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    for (size_t i = 0; i < COUNT_OF(ioctls); i++)
        syscall_filter_allow_if(f, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
}

/* New sockets, for the relay of files and its resolver: TCP and UDP, not those to services of this machine. */
static void add_calling_out(struct syscall_filter *f)
{
    syscall_filter_allow_if(f, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET));
    syscall_filter_allow_if(f, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6));
    syscall_filter_add(f, SCMP_ACT_ALLOW, &(const char *){ "connect" }, 1);
}

enum err syscalls_restrict(bool calls_out)
{
    const uint32_t kill = SECCOMP_RET_KILL_PROCESS;
    struct syscall_filter f;

    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill) != 0)
        return ERR_UNSUPPORTED;
    syscall_filter_init(&f, SCMP_ACT_ERRNO(ENOSYS));
    syscall_filter_add(&f, SCMP_ACT_ALLOW, allowed, COUNT_OF(allowed));
    syscall_filter_add(&f, SCMP_ACT_KILL_PROCESS, deadly, COUNT_OF(deadly));
    add_conditional(&f);
    if (calls_out)
        add_calling_out(&f);
    /* A search tree instead of a chain of comparisons: every call passes through here. */
    if (f.failed == 0)
        f.failed = seccomp_attr_set(f.list, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return syscall_filter_load(&f);
}
