/* files.c: move the server's copy out, put a copy in. */
#include "ctl/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/folder_lock.h"

enum {
    SQLITE_HEADER = 100,
    PAGE_SIZE_AT = 16,
    APPLICATION_AT = 68,
    STORE_MARK = 0x536f7474 /* "Sott" */
};
enum { COPY_STEP = 16 * 1024 * 1024, LOCK_WAIT_MS = 5000 };

static int fail_errno(const struct session *s, const char *what, const char *path)
{
    struct arena a = { 0 };
    int status = session_fail(s, STATUS_FAILED, "io",
                              arena_printf(&a, "%s %s: %s", what, path, strerror(errno)).p);

    arena_deinit(&a);
    return status;
}

static const char *folder_of(struct session *s, const char *path)
{
    return dirname((char *)arena_printf(&s->arena, "%s", path).p);
}

/* ---- Copying ---- */

static bool sync_folder(const char *folder)
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

/* On disk when it returns. Root may give it to the owner of `like`; NULL: keeps it. */
static bool copy_file(const char *from, const char *to, const struct stat *like)
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

/* ---- backup ---- */

static bool move_file(struct session *s, const char *from, const char *to)
{
    const char *beside = arena_printf(&s->arena, "%s.part", to).p;

    if (rename(from, to) == 0)
        return true;
    return errno == EXDEV && copy_file(from, beside, NULL) && rename(beside, to) == 0
           && unlink(from) == 0;
}

int files_backup(struct session *s)
{
    const char *to = s->arguments[0], *from;
    json_t *result;
    int status = session_ask(s, &result);

    if (status != STATUS_DONE)
        return status;
    from = json_string_value(json_object_get(result, "path"));
    if (from == NULL || !move_file(s, from, to) || !sync_folder(folder_of(s, to))) {
        status = fail_errno(s, "the copy could not be written to", to);
        if (from != NULL)
            unlink(from);
    } else {
        if (!s->json)
            printf("%s: %lld bytes\n", to,
                   (long long)json_integer_value(json_object_get(result, "bytes")));
        session_answer(
            s, json_pack("{s:s,s:O}", "file", to, "bytes", json_object_get(result, "bytes")));
    }
    json_decref(result);
    return status;
}

/* ---- restore ---- */

static unsigned big_endian(const unsigned char *p, size_t n)
{
    unsigned value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

/* The header of SQLite's file format, with our mark in it, and as many whole pages as the file
 * is long. */
static bool is_store(const char *path, struct stat *out)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char header[SQLITE_HEADER];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && fstat(fd, out) == 0 ? read(fd, header, sizeof header) : -1;
    unsigned page;

    if (fd >= 0)
        close(fd);
    if (n < 0)
        return false;
    errno = EINVAL;
    if (n != sizeof header || memcmp(header, magic, sizeof magic) != 0
        || big_endian(header + APPLICATION_AT, 4) != STORE_MARK)
        return false;
    page = big_endian(header + PAGE_SIZE_AT, 2);
    page = page == 1 ? 65536 : page; /* the format writes it so */
    return page >= 512 && out->st_size % page == 0;
}

/* Both locks, so that neither a server nor one that is just ending has the store open. */
static bool lock_folder(const char *folder, const struct stat *owner)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int supervisor = fd >= 0 ? folder_lock_open(fd) : -1,
        server = fd >= 0 ? folder_lock_open(fd) : -1;

    if (fd >= 0)
        close(fd);
    if (owner != NULL && supervisor >= 0 && fchown(supervisor, owner->st_uid, owner->st_gid) != 0)
        return false;
    /* The descriptors stay open, and the locks held, until the program ends. */
    return supervisor >= 0 && server >= 0 && folder_lock_try(supervisor, FOLDER_SUPERVISOR)
           && folder_lock_wait(server, FOLDER_SERVER, LOCK_WAIT_MS);
}

/* What was there stays beside as PATH.before-restore, with its write-ahead log, as a store that
 * opens. */
static bool swap_store(struct session *s, const char *fresh, const char *path)
{
    const char *const suffixes[] = { "", "-wal", "-shm" };

    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        const char *old = arena_printf(&s->arena, "%s%s", path, suffixes[i]).p;
        const char *kept = arena_printf(&s->arena, "%s.before-restore%s", path, suffixes[i]).p;

        unlink(kept);
        if (rename(old, kept) != 0 && errno != ENOENT)
            return false;
    }
    return rename(fresh, path) == 0 && sync_folder(folder_of(s, path));
}

int files_restore(struct session *s)
{
    const char *from = s->arguments[0], *folder = folder_of(s, s->socket), *path = s->database,
               *fresh;
    struct stat st, owner;
    const struct stat *heir =
        geteuid() == 0 ? &owner : NULL; /* root restores for the server's user */

    if (path == NULL)
        path = arena_printf(&s->arena, "%s/sotto.db", folder).p;
    fresh = arena_printf(&s->arena, "%s.restoring", path).p;
    if (!is_store(from, &st))
        return fail_errno(s, "not a backup of a store:", from);
    if (stat(folder, &owner) != 0)
        return fail_errno(s, "no data folder at", folder);
    if (!lock_folder(folder, heir))
        return session_fail(
            s, STATUS_FAILED, "running",
            arena_printf(&s->arena, "%s is in use by a running server; stop it first", folder).p);
    if (!copy_file(from, fresh, heir) || !swap_store(s, fresh, path))
        return fail_errno(s, "the store could not be written to", path);
    if (!s->json)
        printf("%s: %lld bytes; what was there is %s.before-restore\n", path, (long long)st.st_size,
               path);
    return session_answer(s,
                          json_pack("{s:s,s:I}", "store", path, "bytes", (json_int_t)st.st_size));
}
