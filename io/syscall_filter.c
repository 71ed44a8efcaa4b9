/* syscall_filter.c: see syscall_filter.h. */
#include "io/syscall_filter.h"

#include <errno.h>

void syscall_filter_init(struct syscall_filter *f, uint32_t otherwise)
{
    *f = (struct syscall_filter){ .list = seccomp_init(otherwise) };
    if (f->list == NULL)
        f->failed = -ENOMEM;
}

void syscall_filter_note(struct syscall_filter *f, int result)
{
    if (f->failed == 0)
        f->failed = result;
}

void syscall_filter_add(struct syscall_filter *f, uint32_t action, const char *const *names,
                        size_t count)
{
    for (size_t i = 0; i < count && f->failed == 0; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);

        /* Not every architecture has every call, and the library may be older than the list. */
        if (number != __NR_SCMP_ERROR && number >= 0)
            f->failed = seccomp_rule_add(f->list, action, number, 0);
    }
}

void syscall_filter_allow_if(struct syscall_filter *f, int number, struct scmp_arg_cmp test)
{
    if (f->failed == 0)
        f->failed = seccomp_rule_add_array(f->list, SCMP_ACT_ALLOW, number, 1, &test);
}

enum err syscall_filter_load(struct syscall_filter *f)
{
    if (f->failed == 0)
        f->failed = seccomp_load(f->list);
    seccomp_release(f->list);
    f->list = NULL;
    errno = -f->failed;
    return f->failed == 0 ? ERR_NONE : ERR_IO;
}
