/* syscall_filter.h: a list of system calls for seccomp, as every sandbox of ours writes one.
 *
 * The first error sticks and is told by syscall_filter_load(), so that a list reads as a list.
 * Owns: the list, until it is loaded.  Threads: those of the caller.
 * Errors: ERR_IO, errno says more.
 */
#ifndef SOTTO_IO_SYSCALL_FILTER_H
#define SOTTO_IO_SYSCALL_FILTER_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct syscall_filter {
    scmp_filter_ctx list;
    int failed; /* the first error, as -errno */
};

/* `otherwise`: what meets a call that no rule names. */
void syscall_filter_init(struct syscall_filter *f, uint32_t otherwise);
void syscall_filter_add(struct syscall_filter *f, uint32_t action, const char *const *names,
                        size_t count);
/* Allowed if the argument that `test` names passes it. */
void syscall_filter_allow_if(struct syscall_filter *f, int number, struct scmp_arg_cmp test);
/* What a function of libseccomp has returned about this list. */
void syscall_filter_note(struct syscall_filter *f, int result);
/* Binds the process, or nothing of it if anything went wrong. The list is gone afterwards. */
CHECKED enum err syscall_filter_load(struct syscall_filter *f);

#endif
