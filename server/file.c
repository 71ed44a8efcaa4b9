/* file.c: small files read and written whole. */
#include "server/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 16 * 1024, COPY_MAX = 1024 * 1024 };

enum err file_read_fd(int fd, struct buf *out)
{
    for (;;) {
        size_t before = out->n, left = out->limit - out->n,
               step = left < READ_STEP ? left : READ_STEP;
        char extra;
        char *at = step > 0 ? buf_extend(out, step) : &extra;
        ssize_t n = read(fd, at, step > 0 ? step : 1);

        if (step > 0)
            buf_cut(out, before + (n > 0 ? (size_t)n : 0));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return ERR_NONE;
        if (step == 0)
            return ERR_TOO_BIG;
    }
}

enum err file_read(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err e;
    int why;

    if (fd < 0)
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    e = file_read_fd(fd, out);
    why = errno;
    close(fd);
    errno = why;
    return e;
}

enum err file_write_all(int fd, struct bytes content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC ? ERR_FULL : ERR_IO;
        content.p += n;
        content.n -= (size_t)n;
    }
    return ERR_NONE;
}

enum err file_write(int folder_fd, const char *name, mode_t mode, struct bytes content)
{
    char beside[NAME_MAX + 1];
    enum err e;
    int fd;

    if ((size_t)snprintf(beside, sizeof beside, "%s.new", name) >= sizeof beside)
        return ERR_TOO_BIG;
    unlinkat(folder_fd, beside, 0);
    fd = openat(folder_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return ERR_IO;
    e = file_write_all(fd, content);
    if (e == ERR_NONE && fsync(fd) != 0)
        e = ERR_IO;
    if (close(fd) != 0 && e == ERR_NONE)
        e = ERR_IO;
    if (e == ERR_NONE
        && (renameat(folder_fd, beside, folder_fd, name) != 0 || fsync(folder_fd) != 0))
        e = ERR_IO;
    if (e != ERR_NONE)
        unlinkat(folder_fd, beside, 0);
    return e;
}

static bool seal(int fd)
{
    return lseek(fd, 0, SEEK_SET) == 0
           && fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
}

int file_memory(const char *name, struct bytes content)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd >= 0 && file_write_all(fd, content) == ERR_NONE && seal(fd))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

int file_memory_copy(const char *name, const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC),
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), why;
    ssize_t n = -1;

    for (size_t left = COPY_MAX; from >= 0 && fd >= 0 && left > 0; left -= (size_t)n) {
        if ((n = sendfile(fd, from, NULL, left)) <= 0)
            break;
    }
    if (n == 0 && seal(fd)) {
        close(from);
        return fd;
    }
    why = n > 0 ? EFBIG : errno;
    if (from >= 0)
        close(from);
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

enum err file_make_folder(const char *path, mode_t mode)
{
    char parent[PATH_MAX];

    if ((size_t)snprintf(parent, sizeof parent, "%s", path) >= sizeof parent)
        return ERR_TOO_BIG;
    for (char *slash = strchr(parent + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(parent, 0755) != 0 && errno != EEXIST)
            return ERR_IO;
        *slash = '/';
    }
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return ERR_IO;
    return ERR_NONE;
}
