/* data_dir.c: make, lock and furnish the server's folder. */
#include "server/data_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/folder_lock.h"
#include "io/tls.h"
#include "server/file.h"
#include "server/sandbox.h"
#include "server/server.h"

enum {
    LOCK_WAIT_MS = 5000,
    KILLED_WAIT_MS = 3000, /* a supervisor that was killed may still be on its way out */
    CONTROL_BACKLOG = 16,
};

/* ---- Who owns it ---- */

struct owner {
    uid_t uid;
    gid_t gid;
    const char *name;
};

static struct owner wanted_owner(void)
{
    struct owner me = { geteuid(), getegid(), "this user" };
    const struct passwd *user = geteuid() == 0 ? getpwnam(SANDBOX_USER) : NULL;

    return user != NULL ? (struct owner){ user->pw_uid, user->pw_gid, SANDBOX_USER } : me;
}

enum err data_dir_lower(struct str *why, struct arena *a)
{
    struct owner owner = wanted_owner();

    if (owner.uid == geteuid())
        return ERR_NONE;
    if (setegid(owner.gid) == 0 && seteuid(owner.uid) == 0)
        return ERR_NONE;
    *why = arena_printf(a, "cannot act as user %s: %s", owner.name, strerror(errno));
    return ERR_IO;
}

enum err data_dir_raise(struct str *why, struct arena *a)
{
    if (seteuid(getuid()) == 0 && setegid(getgid()) == 0)
        return ERR_NONE;
    *why = arena_printf(a, "cannot act as root again: %s", strerror(errno));
    return ERR_IO;
}

/* ---- The folder ---- */

static enum err fail(struct str *why, struct arena *a, const char *path, const char *name)
{
    *why = arena_printf(a, "server.data_dir: %s%s%s: %s", path, name[0] != '\0' ? "/" : "", name,
                        strerror(errno));
    return ERR_IO;
}

static int open_folder(const char *path, bool *out_made)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *out_made = fd < 0 && errno == ENOENT;
    if (*out_made && file_make_folder(path, 0700) == ERR_NONE)
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd;
}

/* Empty, or one that a server or sottoctl has locked before. */
static bool is_ours(int folder_fd)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    bool empty = true, locked = faccessat(folder_fd, "lock", F_OK, AT_EACCESS) == 0;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (const struct dirent *file; (file = readdir(folder)) != NULL;)
        empty &= strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0;
    closedir(folder);
    return empty || locked;
}

/* A slip such as server.data_dir=/tmp must not close a folder that others use. */
static enum err close_to_others(const struct data_dir *d, mode_t mode, struct str *why,
                                struct arena *a)
{
    if ((mode & 0777) == 0700)
        return ERR_NONE;
    if ((mode & (S_ISVTX | S_IWGRP | S_IWOTH)) != 0 || !is_ours(d->fd)) {
        *why = arena_printf(a,
                            "server.data_dir: %s is not the server's alone: %s; name a folder of "
                            "its own, or, if it is one, `chmod 0700 %s`",
                            d->path,
                            (mode & (S_ISVTX | S_IWGRP | S_IWOTH)) != 0
                                ? "others may write into it"
                                : "others may look into it, and it holds files that no server made",
                            d->path);
        return ERR_DENIED;
    }
    return fchmod(d->fd, 0700) == 0 ? ERR_NONE : fail(why, a, d->path, "");
}

static enum err check_folder(struct data_dir *d, bool made, struct str *why, struct arena *a)
{
    struct owner owner = wanted_owner();
    struct stat st;

    if (made && owner.uid != geteuid() && fchown(d->fd, owner.uid, owner.gid) != 0)
        return fail(why, a, d->path, "");
    if (fstat(d->fd, &st) != 0)
        return fail(why, a, d->path, "");
    if (st.st_uid != owner.uid) {
        *why =
            arena_printf(a,
                         "server.data_dir: %s belongs to user %u, but the server runs as user %u; "
                         "`chown -R %u %s` gives it over",
                         d->path, st.st_uid, owner.uid, owner.uid, d->path);
        return ERR_DENIED;
    }
    return close_to_others(d, st.st_mode, why, a);
}

static enum err lock_folder(struct data_dir *d, struct str *why, struct arena *a)
{
    if ((d->lock_fd = folder_lock_open(d->fd)) < 0
        || (d->server_lock_fd = folder_lock_open(d->fd)) < 0)
        return fail(why, a, d->path, "lock");
    if (folder_lock_wait(d->lock_fd, FOLDER_SUPERVISOR, KILLED_WAIT_MS)
        && folder_lock_wait(d->server_lock_fd, FOLDER_SERVER, LOCK_WAIT_MS))
        return ERR_NONE;
    *why = arena_printf(a,
                        "server.data_dir: %s is in use by another server that runs; "
                        "each server needs a folder of its own",
                        d->path);
    return ERR_EXISTS;
}

/* What a server that was killed had in work there is of no use to anybody. */
static enum err make_empty(const struct data_dir *d, const char *name, struct str *why,
                           struct arena *a)
{
    int fd;
    DIR *folder;

    if (mkdirat(d->fd, name, 0700) != 0 && errno != EEXIST)
        return fail(why, a, d->path, name);
    fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return fail(why, a, d->path, name);
    }
    for (const struct dirent *file; (file = readdir(folder)) != NULL;)
        unlinkat(fd, file->d_name, 0); /* fails for . and .. */
    closedir(folder);
    return ERR_NONE;
}

enum err data_dir_open(const char *path, struct data_dir *out, struct str *why, struct arena *a)
{
    struct data_dir d = { .path = path, .lock_fd = -1, .server_lock_fd = -1 };
    bool made;
    enum err e;

    if ((d.fd = open_folder(path, &made)) < 0)
        return fail(why, a, path, "");
    if ((e = check_folder(&d, made, why, a)) != ERR_NONE)
        goto failed;
    if ((e = data_dir_lower(why, a)) != ERR_NONE)
        goto failed;
    e = lock_folder(&d, why, a);
    if (e == ERR_NONE)
        e = make_empty(&d, "tmp", why, a);
    if (e == ERR_NONE)
        e = make_empty(&d, "backup", why, a);
    if (data_dir_raise(why, a) != ERR_NONE)
        e = ERR_IO;
    if (e != ERR_NONE)
        goto failed;
    *out = d;
    return ERR_NONE;
failed:
    data_dir_close(&d);
    return e;
}

void data_dir_close(struct data_dir *d)
{
    if (d->server_lock_fd >= 0)
        close(d->server_lock_fd);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    close(d->fd);
}

/* ---- Key and certificate ---- */

enum err data_dir_make_key(const struct data_dir *d, struct str *why, struct arena *a)
{
    uint8_t key[SERVER_KEY_SIZE];
    enum err e = ERR_NONE;

    if (faccessat(d->fd, "server.key", R_OK, AT_EACCESS) == 0)
        return ERR_NONE;
    if (getrandom(key, sizeof key, 0) != sizeof key
        || file_write(d->fd, "server.key", 0600, bytes_of(key, sizeof key)) != ERR_NONE)
        e = fail(why, a, d->path, "server.key");
    secure_zero(key, sizeof key);
    return e;
}

static struct str own_path(const struct config *c, struct arena *a, const char *name)
{
    return arena_printf(a, "%.*s/tls/%s", STR_ARG(c->server.data_dir), name);
}

struct str data_dir_certificate_path(const struct config *c, struct arena *a)
{
    return c->tls.certificate.n > 0 ? c->tls.certificate : own_path(c, a, "certificate.pem");
}

struct str data_dir_key_path(const struct config *c, struct arena *a)
{
    return c->tls.key.n > 0 ? c->tls.key : own_path(c, a, "key.pem");
}

enum err data_dir_make_certificate(const struct data_dir *d, const struct config *c,
                                   struct str *why, struct arena *a)
{
    size_t domains = c->server.domain.count;
    struct str *names = arena_alloc(a, (domains + 2) * sizeof *names);

    if (c->tls.certificate.n > 0)
        return ERR_NONE;
    if (mkdirat(d->fd, "tls", 0700) != 0 && errno != EEXIST)
        return fail(why, a, d->path, "tls");
    if (faccessat(d->fd, "tls/certificate.pem", R_OK, AT_EACCESS) == 0
        && faccessat(d->fd, "tls/key.pem", R_OK, AT_EACCESS) == 0)
        return ERR_NONE;
    for (size_t i = 0; i < domains; i++)
        names[i] = c->server.domain.items[i];
    names[domains++] = STR("localhost");
    names[domains++] = STR("127.0.0.1");
    return tls_make_self_signed(own_path(c, a, "certificate.pem").p, own_path(c, a, "key.pem").p,
                                names, domains, why, a);
}

/* ---- The control socket ---- */

enum err data_dir_listen(const struct data_dir *d, int *out_fd, struct str *why, struct arena *a)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before;
    bool bound;

    if (fd < 0)
        return fail(why, a, d->path, "control.sock");
    /* By way of the descriptor, because a socket's path has room for 107 bytes only. */
    snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/control.sock", d->fd);
    unlinkat(d->fd, "control.sock", 0); /* of a server that was killed: we hold the lock */
    before = umask(0177);
    bound =
        bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, CONTROL_BACKLOG) == 0;
    umask(before);
    if (!bound) {
        close(fd);
        return fail(why, a, d->path, "control.sock");
    }
    *out_fd = fd;
    return ERR_NONE;
}
