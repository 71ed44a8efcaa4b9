/* backup.c: pack everything that a server needs into one file, while it runs.
 *
 * The server leaves a consistent copy of its database in its folder, since it may write nowhere else;
 * the other files are read where they lie. Of uploads only whole ones are there under their name, and
 * they never change. One that came after the copy is in the archive without being in the database,
 * and the server removes it when it starts from it (server/uploads.h).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "crypto/hash.h"
#include "ctl/backup_parts.h"
#include "ctl/files.h"
#include "ctl/tar.h"

enum { SPACE = 256 * 1024, ENDING_BLOCKS = 2 };

struct packing {
    int out;
    struct hash_state hash;
    uint64_t done, total; /* of content, for the person who waits */
    size_t uploads;
    bool without_keys;
    uint8_t space[SPACE];
};

static bool put(struct packing *p, const void *octets, size_t n)
{
    const uint8_t *at = octets;

    hash_update(&p->hash, bytes_of(at, n));
    while (n > 0) {
        ssize_t written = write(p->out, at, n);

        if (written < 0 && errno != EINTR)
            return false;
        at += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool put_padding(struct packing *p, uint64_t size)
{
    static const uint8_t zeroes[TAR_BLOCK];

    return put(p, zeroes, (size_t)tar_padding(size));
}

static bool put_header(struct packing *p, const char *name, uint64_t size, uint64_t time_s)
{
    const struct tar_entry e = { str_from(name), size, time_s };
    uint8_t block[TAR_BLOCK];

    tar_write(&e, block);
    return put(p, block, sizeof block);
}

static bool put_text(struct packing *p, const char *name, struct str text)
{
    return put_header(p, name, text.n, 0) && put(p, text.p, text.n) && put_padding(p, text.n);
}

/* As long as its header said; a file that becomes shorter meanwhile is not one of ours. */
static bool put_content(struct packing *p, int fd, uint64_t size)
{
    for (uint64_t left = size; left > 0;) {
        size_t want = left < SPACE ? (size_t)left : SPACE;
        ssize_t n = read(fd, p->space, want);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0 || !put(p, p->space, (size_t)n))
            return false;
        left -= (uint64_t)n;
        p->done += (uint64_t)n;
        session_progress(p->done, p->total);
    }
    return put_padding(p, size);
}

/* One that is not there is no failure: ENOENT is left in errno, and nothing is written. */
static bool put_file(struct packing *p, int folder_fd, const char *leaf, const char *name)
{
    int fd = openat(folder_fd, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    bool done = false;
    int why;

    if (fd < 0)
        return errno == ENOENT;
    errno = EINVAL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        done = put_header(p, name, (uint64_t)st.st_size, (uint64_t)st.st_mtime)
               && put_content(p, fd, (uint64_t)st.st_size);
    why = errno;
    close(fd);
    errno = why;
    return done;
}

static int open_folder(int folder_fd, const char *name)
{
    return openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Who has these beside the database can take any device's place (docs/decisions.md). */
static bool put_keys(struct packing *p, int data_fd)
{
    int fd = open_folder(data_fd, PART_TLS);
    bool done = put_file(p, data_fd, PART_KEY, PART_KEY);

    if (fd < 0)
        return done && errno == ENOENT;
    done = done && put_file(p, fd, "certificate.pem", PART_TLS "/certificate.pem")
           && put_file(p, fd, "key.pem", PART_TLS "/key.pem");
    close(fd);
    return done;
}

/* ---- Uploads --------------------------------------------------------------------------------- */

typedef bool upload_fn(struct packing *p, int folder_fd, const char *slot);

static bool count_upload(struct packing *p, int folder_fd, const char *slot)
{
    struct stat st;

    if (fstatat(folder_fd, slot, &st, AT_SYMLINK_NOFOLLOW) == 0)
        p->total += (uint64_t)st.st_size;
    return true;
}

static bool put_upload(struct packing *p, int folder_fd, const char *slot)
{
    char name[PART_NAME_ROOM];

    p->uploads++;
    snprintf(name, sizeof name, PART_UPLOADS "/%s", slot);
    return put_file(p, folder_fd, slot, name);
}

static bool each_upload(struct packing *p, int data_fd, upload_fn *fn)
{
    int fd = open_folder(data_fd, PART_UPLOADS);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    bool done = true;

    if (folder == NULL)
        return fd < 0 && errno == ENOENT;
    for (const struct dirent *e; done && (e = readdir(folder)) != NULL;)
        if (part_is_slot(str_from(e->d_name)))
            done = fn(p, fd, e->d_name);
    closedir(folder);
    return done;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static bool put_digest(struct packing *p)
{
    struct arena a = { 0 };
    uint8_t digest[HASH_SIZE_MAX];
    struct str hex, line;
    bool done;

    hash_final(&p->hash, digest);
    hash_init(&p->hash, HASH_SHA256); /* put() goes on counting */
    hex = hex_text(&a, bytes_of(digest, hash_size(HASH_SHA256)));
    line = arena_printf(&a, "%.*s\n", STR_ARG(hex));
    done = put_text(p, PART_DIGEST, line);
    arena_deinit(&a);
    return done;
}

static bool put_end(struct packing *p)
{
    static const uint8_t zeroes[ENDING_BLOCKS * TAR_BLOCK];

    return put(p, zeroes, sizeof zeroes);
}

static bool pack(struct packing *p, const char *copy, int data_fd)
{
    struct stat st;

    if (stat(copy, &st) == 0)
        p->total = (uint64_t)st.st_size;
    return each_upload(p, data_fd, count_upload) && put_text(p, PART_MARK, STR(PART_MARK_TEXT))
           && put_file(p, AT_FDCWD, copy, PART_DATABASE)
           && (p->without_keys || put_keys(p, data_fd)) && each_upload(p, data_fd, put_upload)
           && put_digest(p) && put_end(p) && fsync(p->out) == 0;
}

/* Beside, then renamed: under its name there is never a part. */
static bool write_file(struct session *s, struct packing *p, const char *copy, const char *to)
{
    const char *part = arena_printf(&s->arena, "%s.part", to).p;
    /* The server leaves the copy in DATA/backup/. */
    int data_fd =
        open(files_folder_of(s, files_folder_of(s, copy)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = false;
    int why;

    unlink(part);
    p->out = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (data_fd >= 0 && p->out >= 0)
        done = pack(p, copy, data_fd) && rename(part, to) == 0
               && files_sync_folder(files_folder_of(s, to));
    why = errno;
    if (!done)
        unlink(part);
    if (p->out >= 0)
        close(p->out);
    if (data_fd >= 0)
        close(data_fd);
    hash_drop(&p->hash);
    errno = why;
    return done;
}

static int report(struct session *s, const struct packing *p, const char *to)
{
    struct stat st = { 0 };

    if (stat(to, &st) != 0)
        return files_fail(s, "the backup is gone again:", to);
    if (!s->json)
        printf("%s: %lld bytes, %zu uploads%s\n", to, (long long)st.st_size, p->uploads,
               p->without_keys ? "" : "; it holds the server's keys: keep it secret");
    return session_answer(s, json_pack("{s:s,s:I,s:I}", "file", to, "bytes", (json_int_t)st.st_size,
                                       "uploads", (json_int_t)p->uploads));
}

int files_backup(struct session *s)
{
    const char *to = s->arguments[0], *copy;
    struct packing *p;
    json_t *result;
    int status = session_ask(s, &result);

    if (status != STATUS_DONE)
        return status;
    copy = json_string_value(json_object_get(result, "path"));
    p = mem_alloc(sizeof *p);
    p->without_keys = s->without_keys;
    hash_init(&p->hash, HASH_SHA256);
    if (copy != NULL && write_file(s, p, copy, to))
        status = report(s, p, to);
    else
        status = files_fail(s, "the backup could not be written to", to);
    session_progress_end();
    if (copy != NULL)
        unlink(copy);
    secure_zero(p->space, sizeof p->space);
    mem_free(p);
    json_decref(result);
    return status;
}
