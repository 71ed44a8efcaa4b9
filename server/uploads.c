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

void uploads_stop(struct uploads *u)
{
    u->stopped = true;
}
