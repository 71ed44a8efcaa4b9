/* landlock.c: the files that a process keeps. */
#include "io/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* Linux 6.2, third version of the interface */
#endif

enum { LANDLOCK_REFER_VERSION = 2, LANDLOCK_TRUNCATE_VERSION = 3 };

static const uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t write_rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR
                                     | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR
                                     | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER
                                     | LANDLOCK_ACCESS_FS_TRUNCATE;
/* Handled, so forbidden, and allowed nowhere. */
static const uint64_t never_rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR
                                     | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO
                                     | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

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

/* A missing one is nothing to read. */
static enum err allow_reading(int ruleset, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return ERR_NONE;
    return allow_path(ruleset, path,
                      S_ISDIR(st.st_mode) ? read_rights : LANDLOCK_ACCESS_FS_READ_FILE);
}

enum err landlock_restrict(const char *const *folders, size_t count, const char *const *readable,
                           size_t readable_count)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attr = { .handled_access_fs = known_rights(version) };
    enum err e = ERR_NONE;
    int ruleset;

    if (version < 1)
        return ERR_UNSUPPORTED;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return ERR_IO;
    for (size_t i = 0; i < count && e == ERR_NONE; i++)
        e = allow_path(ruleset, folders[i], (read_rights | write_rights) & attr.handled_access_fs);
    for (size_t i = 0; i < readable_count && e == ERR_NONE; i++)
        e = allow_reading(ruleset, readable[i]);
    if (e == ERR_NONE && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        e = ERR_IO;
    close(ruleset);
    return e;
}
