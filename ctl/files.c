/* files.c: what backup and restore share. */
#include "ctl/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SQLITE_HEADER = 100,
    PAGE_SIZE_AT = 16,
    APPLICATION_AT = 68,
    STORE_MARK = 0x536f7474 /* "Sott" */
};
enum { COPY_STEP = 16 * 1024 * 1024 };

int files_fail(const struct session *s, const char *what, const char *path)
{
    struct arena a = { 0 };
    int status = session_fail(s, STATUS_FAILED, "io",
                              arena_printf(&a, "%s %s: %s", what, path, strerror(errno)).p);

    arena_deinit(&a);
    return status;
}

const char *files_folder_of(struct session *s, const char *path)
{
    return dirname((char *)arena_printf(&s->arena, "%s", path).p);
}

/* ---- Copying ---- */

bool files_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return synced;
}

static bool copy_content(int from, int to)
{
    ssize_t n;

    while ((n = sendfile(to, from, NULL, COPY_STEP)) > 0)
        ;
    return n == 0 && fsync(to) == 0;
}

bool files_copy(const char *from, const char *to, const struct stat *like)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, why;
    bool copied = false;

    unlink(to);
    if (in >= 0)
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out >= 0)
        copied =
            (like == NULL || fchown(out, like->st_uid, like->st_gid) == 0) && copy_content(in, out);
    why = errno;
    if (out >= 0)
        close(out);
    if (in >= 0)
        close(in);
    if (!copied && out >= 0)
        unlink(to);
    errno = why;
    return copied;
}

/* ---- What is a store ---- */

static unsigned big_endian(const unsigned char *p, size_t n)
{
    unsigned value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

/* The header of SQLite's file format, with our mark in it, and as many whole pages as the file
 * is long. */
bool files_is_store(int folder_fd, const char *name)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char header[SQLITE_HEADER];
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    ssize_t n = fd >= 0 && fstat(fd, &st) == 0 ? read(fd, header, sizeof header) : -1;
    unsigned page;

    if (fd >= 0)
        close(fd);
    if (n != sizeof header || memcmp(header, magic, sizeof magic) != 0
        || big_endian(header + APPLICATION_AT, 4) != STORE_MARK)
        return false;
    page = big_endian(header + PAGE_SIZE_AT, 2);
    page = page == 1 ? 65536 : page; /* the format writes it so */
    return page >= 512 && st.st_size % page == 0;
}
