/* restore.c: unpack a backup into the folder of a stopped server.
 *
 * The file may be cut, or made by somebody who means harm: everything goes into a folder of its own
 * beside what is there, by names of a closed list, and takes its place only when all of it has been
 * read and its digest is right. What was there stays as NAME.before-restore. An older backup is the
 * database alone, which then is all that is replaced.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "crypto/hash.h"
#include "ctl/backup_parts.h"
#include "ctl/files.h"
#include "ctl/tar.h"
#include "io/folder_lock.h"

#define STAGING     "restoring"
#define KEPT_SUFFIX ".before-restore"
#define SERVER_USER "sotto"

enum { SPACE = 256 * 1024, LOCK_WAIT_MS = 5000, NESTING_MAX = 3 };

struct unpacking {
    struct session *session;
    const char *from;
    int in, staging; /* descriptors */
    struct hash_state hash;
    uint64_t done, total; /* bytes of the file */
    size_t uploads;
    const struct stat *heir; /* root gives what it restores to the owner of the folder; else NULL */
    bool marked, has_database, complete;
    const char *why; /* the backup is no good */
    uint8_t space[SPACE];
};

/* ---- Folders --------------------------------------------------------------------------------- */

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A file or a folder with all that is in it; nothing is followed. */
static void remove_all(int parent, const char *name, unsigned depth)
{
    int fd = open_folder(parent, name);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        unlinkat(parent, name, 0);
        return;
    }
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        if (depth > 0 && !str_is(str_from(e->d_name), ".") && !str_is(str_from(e->d_name), ".."))
            remove_all(fd, e->d_name, depth - 1);
    closedir(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static bool make_folder(const struct unpacking *u, int parent, const char *name)
{
    if (mkdirat(parent, name, 0700) != 0)
        return errno == EEXIST;
    return u->heir == NULL
           || fchownat(parent, name, u->heir->st_uid, u->heir->st_gid, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- Reading the file ------------------------------------------------------------------------ */

static bool bad(struct unpacking *u, const char *why)
{
    u->why = why;
    return false;
}

/* Exactly so much. */
static bool take(struct unpacking *u, uint8_t *out, size_t n)
{
    while (n > 0) {
        ssize_t got = read(u->in, out, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? false : bad(u, "it ends too early: it was cut");
        out += got;
        n -= (size_t)got;
        u->done += (uint64_t)got;
        session_progress(u->done, u->total);
    }
    return true;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, p, n);

        if (written < 0 && errno != EINTR)
            return false;
        p += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* The content of an entry, to a file (or, without one, left in u->space), and its padding. */
static bool take_content(struct unpacking *u, uint64_t size, int to)
{
    uint8_t padding[TAR_BLOCK];
    size_t pad = (size_t)tar_padding(size);

    for (uint64_t left = size; left > 0;) {
        size_t n = left < SPACE ? (size_t)left : SPACE;

        if (!take(u, u->space, n))
            return false;
        hash_update(&u->hash, bytes_of(u->space, n));
        if (to >= 0 && !write_all(to, u->space, n))
            return false;
        left -= n;
    }
    if (!take(u, padding, pad))
        return false;
    hash_update(&u->hash, bytes_of(padding, pad));
    return true;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static bool take_mark(struct unpacking *u, const struct tar_entry *e)
{
    if (!str_is(e->name, PART_MARK) || e->size > SPACE)
        return bad(u, "it is no backup of a server");
    u->marked = true;
    if (!take_content(u, e->size, -1))
        return false;
    if (!str_eq((struct str){ (const char *)u->space, (size_t)e->size }, STR(PART_MARK_TEXT)))
        return bad(u, "it was made by a newer version: restore it with that one");
    return true;
}

static bool take_file(struct unpacking *u, const struct tar_entry *e)
{
    char folder[PART_NAME_ROOM], name[PART_NAME_ROOM];
    struct part part;
    int parent = u->staging, fd;
    bool done;

    if (e->name.n >= PART_NAME_ROOM || !part_of(e->name, e->size, &part))
        return bad(u, "there is something in it that no backup holds");
    snprintf(folder, sizeof folder, "%.*s", STR_ARG(part.folder));
    snprintf(name, sizeof name, "%.*s", STR_ARG(part.name));
    if (part.folder.n > 0
        && (!make_folder(u, u->staging, folder) || (parent = open_folder(u->staging, folder)) < 0))
        return false;
    fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        u->why = "a file is in it twice";
    done = fd >= 0 && (u->heir == NULL || fchown(fd, u->heir->st_uid, u->heir->st_gid) == 0)
           && take_content(u, e->size, fd);
    if (fd >= 0)
        close(fd);
    if (parent != u->staging)
        close(parent);
    u->uploads += str_is(part.folder, PART_UPLOADS);
    u->has_database |= str_is(e->name, PART_DATABASE);
    return done;
}

/* Two blocks of zeroes, and nothing behind them. */
static bool take_end(struct unpacking *u)
{
    static const uint8_t zeroes[2 * TAR_BLOCK];
    uint8_t end[2 * TAR_BLOCK], more;

    if (!take(u, end, sizeof end))
        return false;
    if (memcmp(end, zeroes, sizeof end) != 0 || read(u->in, &more, 1) != 0)
        return bad(u, "something follows its end");
    u->complete = true;
    return true;
}

/* Of all that came before its header. */
static bool take_digest(struct unpacking *u, const struct tar_entry *e)
{
    struct arena a = { 0 };
    uint8_t digest[HASH_SIZE_MAX];
    struct str wanted;
    bool right;

    hash_final(&u->hash, digest);
    hash_init(&u->hash, HASH_SHA256);
    if (e->size != PART_DIGEST_CHARS)
        return bad(u, "its digest has another length");
    if (!take_content(u, e->size, -1))
        return false;
    wanted = hex_text(&a, bytes_of(digest, hash_size(HASH_SHA256)));
    right = memcmp(u->space, wanted.p, wanted.n) == 0 && u->space[wanted.n] == '\n';
    arena_deinit(&a);
    return right ? take_end(u) : bad(u, "its digest is wrong: it was damaged or changed");
}

static bool take_entry(struct unpacking *u)
{
    uint8_t block[TAR_BLOCK];
    struct tar_entry e;

    if (!take(u, block, sizeof block))
        return false;
    if (tar_read(block, &e) != ERR_NONE)
        return bad(u, u->marked ? "it is damaged" : "it is no backup of a server");
    if (u->marked && str_is(e.name, PART_DIGEST))
        return take_digest(u, &e);
    hash_update(&u->hash, bytes_of(block, sizeof block));
    return u->marked ? take_file(u, &e) : take_mark(u, &e);
}

static bool unpack(struct unpacking *u)
{
    while (!u->complete)
        if (!take_entry(u))
            return false;
    return u->has_database || bad(u, "there is no database in it");
}

/* ---- The data folder ------------------------------------------------------------------------- */

/* Made if it is missing, for the user that the server runs as. */
static int open_data_folder(const char *path)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(SERVER_USER) : NULL;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT || mkdir(path, 0700) != 0)
        return fd;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && user != NULL && fchown(fd, user->pw_uid, user->pw_gid) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Both locks, so that neither a server nor one that is just ending has the store open. */
static bool lock_folder(int fd, const struct stat *heir)
{
    int supervisor = folder_lock_open(fd), server = folder_lock_open(fd);

    if (heir != NULL && supervisor >= 0 && fchown(supervisor, heir->st_uid, heir->st_gid) != 0)
        return false;
    /* The descriptors stay open, and the locks held, until the program ends. */
    return supervisor >= 0 && server >= 0 && folder_lock_try(supervisor, FOLDER_SUPERVISOR)
           && folder_lock_wait(server, FOLDER_SERVER, LOCK_WAIT_MS);
}

/* ---- Taking the place of what was there ------------------------------------------------------ */

/* What is called so in `from` takes its place in the data folder, if it is there; what was there is kept. */
static bool replace(int data_fd, int from, const char *name)
{
    char kept[PART_NAME_ROOM + sizeof KEPT_SUFFIX];
    struct stat st;

    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    snprintf(kept, sizeof kept, "%s" KEPT_SUFFIX, name);
    remove_all(data_fd, kept, NESTING_MAX);
    if (renameat(data_fd, name, data_fd, kept) != 0 && errno != ENOENT)
        return false;
    return renameat(from, name, data_fd, name) == 0;
}

/* The database may lie elsewhere (store.url), on another disk. Its old write-ahead log goes with the
 * old one, so that this still opens. */
static bool replace_database(struct unpacking *u, const char *fresh, const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    struct arena *a = &u->session->arena;
    const char *beside = arena_printf(a, "%s." STAGING, path).p;

    if (rename(fresh, beside) != 0 && (errno != EXDEV || !files_copy(fresh, beside, u->heir)))
        return false;
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        const char *old = arena_printf(a, "%s%s", path, suffixes[i]).p;
        const char *kept = arena_printf(a, "%s" KEPT_SUFFIX "%s", path, suffixes[i]).p;

        unlink(kept);
        if (rename(old, kept) != 0 && errno != ENOENT)
            return false;
    }
    return rename(beside, path) == 0 && files_sync_folder(files_folder_of(u->session, path));
}

static bool replace_all(struct unpacking *u, int data_fd, const char *folder, const char *path)
{
    const char *fresh = arena_printf(&u->session->arena, "%s/" STAGING "/" PART_DATABASE, folder).p;

    /* The files are many: all at once on the disk, before the first of them counts. */
    return syncfs(u->staging) == 0 && replace(data_fd, u->staging, PART_UPLOADS)
           && replace(data_fd, u->staging, PART_TLS) && replace(data_fd, u->staging, PART_KEY)
           && replace_database(u, fresh, path) && files_sync_folder(folder);
}

/* ---- restore --------------------------------------------------------------------------------- */

static int refuse(const struct unpacking *u)
{
    if (u->why == NULL)
        return files_fail(u->session, "the backup could not be unpacked:", u->from);
    return session_fail(
        u->session, STATUS_FAILED, "malformed",
        arena_printf(&u->session->arena, "%s: %s; nothing was changed", u->from, u->why).p);
}

static int report(const struct unpacking *u, const char *path)
{
    if (!u->session->json)
        printf("%s: restored, with %zu uploads; what was there is *" KEPT_SUFFIX "\n", path,
               u->uploads);
    return session_answer(u->session,
                          json_pack("{s:s,s:I,s:I}", "store", path, "bytes", (json_int_t)u->total,
                                    "uploads", (json_int_t)u->uploads));
}

/* The whole file is the database. */
static bool take_alone(struct unpacking *u)
{
    int to = openat(u->staging, PART_DATABASE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done = to >= 0 && (u->heir == NULL || fchown(to, u->heir->st_uid, u->heir->st_gid) == 0);

    for (uint64_t left = u->total; left > 0 && done;) {
        size_t n = left < SPACE ? (size_t)left : SPACE;

        done = take(u, u->space, n) && write_all(to, u->space, n);
        left -= n;
    }
    if (to >= 0)
        close(to);
    return done;
}

static bool fill_staging(struct unpacking *u, int data_fd)
{
    static const char magic[] = "SQLite format 3";
    char begin[sizeof magic];
    bool alone = pread(u->in, begin, sizeof begin, 0) == sizeof begin
                 && memcmp(begin, magic, sizeof magic) == 0;

    remove_all(data_fd, STAGING, NESTING_MAX);
    if (!make_folder(u, data_fd, STAGING) || (u->staging = open_folder(data_fd, STAGING)) < 0)
        return false;
    return alone ? take_alone(u) : unpack(u);
}

/* Between the locks. */
static int restore_into(struct unpacking *u, int data_fd, const char *folder, const char *path)
{
    int status;

    if (!fill_staging(u, data_fd))
        status = refuse(u);
    else if (!files_is_store(u->staging, PART_DATABASE)) {
        u->why = "its database is none of a server";
        status = refuse(u);
    } else if (!replace_all(u, data_fd, folder, path))
        status = files_fail(u->session, "the backup could not take its place in", folder);
    else
        status = report(u, path);
    session_progress_end();
    if (u->staging >= 0)
        close(u->staging);
    remove_all(data_fd, STAGING, NESTING_MAX);
    return status;
}

static int restore(struct unpacking *u, const char *folder, const char *path)
{
    struct session *s = u->session;
    int data_fd = open_data_folder(folder), status;
    struct stat owner;

    if (data_fd < 0 || fstat(data_fd, &owner) != 0)
        return files_fail(s, "the data folder cannot be opened or made:", folder);
    u->heir = geteuid() == 0 ? &owner : NULL;
    if (lock_folder(data_fd, u->heir))
        status = restore_into(u, data_fd, folder, path);
    else
        status = session_fail(
            s, STATUS_FAILED, "running",
            arena_printf(&s->arena, "%s is in use by a running server; stop it first", folder).p);
    close(data_fd);
    return status;
}

int files_restore(struct session *s)
{
    const char *folder = files_folder_of(s, s->socket), *path = s->database;
    struct unpacking *u = mem_alloc(sizeof *u);
    struct stat st;
    int status;

    if (path == NULL)
        path = arena_printf(&s->arena, "%s/" PART_DATABASE, folder).p;
    u->session = s;
    u->from = s->arguments[0];
    u->staging = -1;
    u->in = open(u->from, O_RDONLY | O_CLOEXEC);
    errno = u->in >= 0 ? EINVAL : errno;
    if (u->in >= 0 && fstat(u->in, &st) == 0 && S_ISREG(st.st_mode)) {
        u->total = (uint64_t)st.st_size;
        hash_init(&u->hash, HASH_SHA256);
        status = restore(u, folder, path);
        hash_drop(&u->hash);
    } else {
        status = files_fail(s, "not a backup:", u->from);
    }
    if (u->in >= 0)
        close(u->in);
    secure_zero(u->space, sizeof u->space);
    mem_free(u);
    return status;
}
