/* uploads.c: the folder made and tidied at the start, expired files removed. */
#include "server/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/upload_slot.h"

enum { ROUND = 500 }; /* files in one round */

struct upload_sweep {
    struct uploads *uploads;
    struct store_query query;
    struct write_set remove;
    size_t removed;
};

/* ---- The folder ------------------------------------------------------------------------------------ */

static void remove_parts(int folder_fd)
{
    DIR *d = fdopendir(dup(folder_fd));

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (str_ends(str_from(e->d_name), STR(".part")))
            unlinkat(folder_fd, e->d_name, 0);
    if (d != NULL)
        closedir(d);
}

int uploads_open(int data_dir_fd, struct log *log)
{
    int fd = -1;

    if (mkdirat(data_dir_fd, "uploads", 0700) == 0 || errno == EEXIST)
        fd = openat(data_dir_fd, "uploads", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        LOG(log, ERROR, "uploads.failed", log_int("errno", errno));
    else
        remove_parts(fd);
    return fd;
}

/* ---- Expiry ---------------------------------------------------------------------------------------- */

static void sweep_end(struct upload_sweep *s)
{
    if (s->removed > 0)
        LOG(s->uploads->log, INFO, "uploads.expired", log_int("files", (int64_t)s->removed));
    s->uploads->sweeping = NULL;
    arena_deinit(&s->query.op.arena);
    arena_deinit(&s->remove.op.arena);
    mem_free(s);
}

/* A round that was full is followed by the next: an account's files go with it, however many. */
static void rows_gone(struct store_op *op)
{
    struct upload_sweep *s = CONTAINER_OF(op, struct upload_sweep, remove.op);
    struct uploads *u = s->uploads;
    uint64_t now_ms = s->query.in.uploads_expired.now_ms;
    bool more = s->removed == ROUND && op->result == ERR_NONE;

    sweep_end(s);
    if (more)
        uploads_expire(u, now_ms);
}

/* A file that cannot be removed keeps its row, to be tried again. */
static void remove_files(void *ctx)
{
    struct upload_sweep *s = ctx;

    for (size_t i = 0; i < s->query.out.uploads.count; i++) {
        struct str slot = s->query.out.uploads.uploads[i].slot;
        const char *name = arena_printf(&s->remove.op.arena, "%.*s", STR_ARG(slot)).p;

        if (unlinkat(s->uploads->folder_fd, name, 0) != 0 && errno != ENOENT)
            continue;
        write_set_add(&s->remove, ROW_UPLOAD_GONE, 0)->upload.slot = slot;
        s->removed++;
    }
}

static void files_removed(void *ctx)
{
    struct upload_sweep *s = ctx;

    if (s->removed == 0 || s->uploads->stopped) {
        sweep_end(s);
        return;
    }
    s->remove.op.home = s->uploads->home;
    s->remove.op.done = rows_gone;
    store_commit(s->uploads->store, &s->remove);
}

static void expired_found(struct store_op *op)
{
    struct upload_sweep *s = CONTAINER_OF(op, struct upload_sweep, query.op);

    if (op->result != ERR_NONE || s->query.out.uploads.count == 0 || s->uploads->stopped)
        sweep_end(s);
    else
        loop_offload(s->uploads->loop, remove_files, files_removed, s);
}

void uploads_expire(struct uploads *u, uint64_t now_ms)
{
    struct upload_sweep *s;

    if (u->sweeping != NULL || u->stopped || u->folder_fd < 0)
        return;
    s = u->sweeping = mem_alloc(sizeof *s);
    s->uploads = u;
    s->query.kind = QUERY_UPLOADS_EXPIRED;
    s->query.in.uploads_expired.now_ms = now_ms;
    s->query.in.uploads_expired.max = ROUND;
    s->query.op.home = u->home;
    s->query.op.done = expired_found;
    store_query(u->store, &s->query);
}

/* ---- Strays ---------------------------------------------------------------------------------------- */

/* One file after the other, each asked for in the store. */
struct upload_tidy {
    struct uploads *uploads;
    DIR *folder;
    struct store_query query;
    const char *slot; /* in work; NUL-terminated, in the arena of the query */
    size_t removed;
};

static void tidy_next(struct upload_tidy *t);

static void tidy_end(struct upload_tidy *t)
{
    if (t->removed > 0)
        LOG(t->uploads->log, INFO, "uploads.strays", log_int("files", (int64_t)t->removed));
    closedir(t->folder);
    arena_deinit(&t->query.op.arena);
    mem_free(t);
}

static void remove_stray(void *ctx)
{
    struct upload_tidy *t = ctx;

    t->removed += unlinkat(t->uploads->folder_fd, t->slot, 0) == 0;
}

static void stray_removed(void *ctx)
{
    tidy_next(ctx);
}

static void slot_asked(struct store_op *op)
{
    struct upload_tidy *t = CONTAINER_OF(op, struct upload_tidy, query.op);

    if (op->result == ERR_MISSING && !t->uploads->stopped)
        loop_offload(t->uploads->loop, remove_stray, stray_removed, t);
    else
        tidy_next(t);
}

static void tidy_next(struct upload_tidy *t)
{
    struct uploads *u = t->uploads;
    const struct dirent *e;

    do {
        e = u->stopped ? NULL : readdir(t->folder);
    } while (e != NULL && !upload_slot_is_one(str_from(e->d_name)));
    if (e == NULL) {
        tidy_end(t);
        return;
    }
    arena_deinit(&t->query.op.arena);
    t->query = (struct store_query){ .kind = QUERY_UPLOAD };
    t->query.in.upload.slot = arena_printf(&t->query.op.arena, "%s", e->d_name);
    t->slot = t->query.in.upload.slot.p;
    t->query.op.home = u->home;
    t->query.op.done = slot_asked;
    store_query(u->store, &t->query);
}

void uploads_tidy(struct uploads *u)
{
    int fd = u->folder_fd < 0 ? -1 : openat(u->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct upload_tidy *t;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    t = mem_alloc(sizeof *t);
    t->uploads = u;
    t->folder = folder;
    tidy_next(t);
}

void uploads_stop(struct uploads *u)
{
    u->stopped = true;
}
