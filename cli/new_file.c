/* new_file.c: see new_file.h. Without a name: O_TMPFILE and linkat(2), which a crash leaves nothing of; hidden: renameat2(2). */
#include "cli/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"

enum { NAME_OCTETS = 10 };

static enum err err_of(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ERR_FULL;
    case EEXIST: return ERR_EXISTS;
    case ENOENT:
    case ENOTDIR: return ERR_MISSING;
    case EACCES:
    case EPERM:
    case EROFS: return ERR_DENIED;
    default: return ERR_IO;
    }
}

struct str new_file_why(enum err e)
{
    switch (e) {
    case ERR_FULL: return STR("there is no room on the disk");
    case ERR_EXISTS: return STR("there is a file of this name already");
    case ERR_MISSING: return STR("there is no such folder");
    case ERR_DENIED: return STR("this user may not write there");
    default: return STR("it cannot be written");
    }
}

static enum err open_hidden(struct new_file *f, const struct random *random)
{
    struct arena a = { 0 };
    struct str token = random_token(random, &a, NAME_OCTETS);

    snprintf(f->hidden, sizeof f->hidden, ".%.*s.part", STR_ARG(token));
    arena_deinit(&a);
    f->fd = openat(f->folder, f->hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   S_IRUSR | S_IWUSR);
    if (f->fd >= 0)
        return ERR_NONE;
    f->hidden[0] = '\0';
    return err_of(errno);
}

enum err new_file_open(struct new_file *f, const char *folder, enum new_file_way way,
                       const struct random *random)
{
    enum err e = ERR_NONE;

    *f = (struct new_file){ .fd = -1 };
    f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->folder < 0)
        return err_of(errno);
    if (way == NEW_FILE_NAMELESS)
        f->fd = openat(f->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (f->fd < 0)
        e = open_hidden(f, random);
    if (e != ERR_NONE)
        new_file_drop(f);
    return e;
}

enum err new_file_write(struct new_file *f, struct bytes b)
{
    while (b.n > 0) {
        ssize_t n = write(f->fd, b.p, b.n);

        if (n < 0 && errno != EINTR)
            return err_of(errno);
        if (n > 0)
            b = bytes_of(b.p + n, b.n - (size_t)n);
    }
    return ERR_NONE;
}

static int place_nameless(struct new_file *f, const char *name)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    return linkat(AT_FDCWD, path, f->folder, name, AT_SYMLINK_FOLLOW);
}

/* File systems that cannot refuse to replace have links, or neither. */
static int place_hidden(struct new_file *f, const char *name)
{
    int result = renameat2(f->folder, f->hidden, f->folder, name, RENAME_NOREPLACE);

    if (result == 0)
        f->hidden[0] = '\0';
    else if (errno == EINVAL || errno == ENOSYS)
        result = linkat(f->folder, f->hidden, f->folder, name, 0);
    return result;
}

enum err new_file_place(struct new_file *f, const char *name)
{
    if (fsync(f->fd) != 0)
        return err_of(errno);
    if ((f->hidden[0] == '\0' ? place_nameless(f, name) : place_hidden(f, name)) != 0)
        return err_of(errno);
    return fsync(f->folder) == 0 || errno == EINVAL ? ERR_NONE : err_of(errno);
}

void new_file_drop(struct new_file *f)
{
    if (f->hidden[0] != '\0')
        unlinkat(f->folder, f->hidden, 0);
    f->hidden[0] = '\0';
    if (f->fd >= 0)
        close(f->fd);
    if (f->folder >= 0)
        close(f->folder);
    f->fd = f->folder = -1;
}
