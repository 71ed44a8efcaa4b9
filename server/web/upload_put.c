/* upload_put.c: PUT of a file into its slot (XEP-0363 §6): once, whole, by whom the slot was given to.
 *
 *     slot known? -> SLOT.part, which nobody else has -> pieces -> sync, rename -> row -> 201
 *
 * What was acknowledged with 201 survives a power failure. Files are written on another thread; the peer is not read
 * meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "server/upload_slot.h"
#include "server/web/routes.h"

enum { PIECE_BYTES = 256 * 1024, DAY_MS = 24 * 3600 * 1000 };

struct put {
    struct exchange *exchange;
    struct store_query query;
    struct write_set done;
    struct upload_record upload;
    const char *part, *name;
    int fd;
    struct str piece;
    int failed; /* errno */
};

static void put_end(struct put *p, unsigned status, struct str sentence)
{
    struct exchange *x = p->exchange;

    arena_deinit(&p->query.op.arena);
    arena_deinit(&p->done.op.arena);
    exchange_say(x, status, true, sentence);
}

/* Who uploads as our clients do does not come here. */
static void put_refuse(struct put *p, unsigned status, struct str sentence)
{
    exchange_event(p->exchange, EVENT(EVENT_UPLOAD_DATA));
    put_end(p, status, sentence);
}

/* ---- Giving up ------------------------------------------------------------------------------------- */

static void remove_part(void *ctx)
{
    struct put *p = ctx;

    close(p->fd);
    unlinkat(p->exchange->host->uploads_fd, p->part, 0);
}

static void part_removed(void *ctx)
{
    struct put *p = ctx;

    if (p->failed == ENOSPC || p->failed == EDQUOT)
        put_end(p, 507, STR("There is no room for this file."));
    else
        put_end(p, 500, STR("The file could not be stored. Please try again."));
}

static void give_up(struct put *p)
{
    loop_offload(p->exchange->host->loop, remove_part, part_removed, p);
}

/* ---- The whole file -------------------------------------------------------------------------------- */

static void stored(struct store_op *op)
{
    struct put *p = CONTAINER_OF(op, struct put, done.op);

    if (op->result == ERR_NONE)
        put_end(p, 201, STR("Stored."));
    else
        put_end(p, 500, STR("The file could not be stored. Please try again."));
}

static void finish_file(void *ctx)
{
    struct put *p = ctx;
    int folder_fd = p->exchange->host->uploads_fd;

    if (fsync(p->fd) != 0 || renameat(folder_fd, p->part, folder_fd, p->name) != 0
        || fsync(folder_fd) != 0)
        p->failed = errno;
}

static void file_finished(void *ctx)
{
    struct put *p = ctx;
    const struct web_host *host = p->exchange->host;
    uint64_t now_ms = exchange_now_ms(p->exchange);
    struct row *row;

    if (p->failed != 0
        || exchange_gone(
            p->exchange)) { /* a file that came whole is kept only if somebody knows it */
        give_up(p);
        return;
    }
    close(p->fd);
    row = write_set_add(&p->done, ROW_UPLOAD, p->upload.account);
    row->upload = p->upload;
    row->upload.done = true;
    row->upload.expires_ms = now_ms + host->boot->config->limits.upload_days * DAY_MS;
    p->done.op.home = host->home;
    p->done.op.done = stored;
    store_commit(host->store, &p->done);
}

/* ---- Pieces ---------------------------------------------------------------------------------------- */

static void write_piece(void *ctx)
{
    struct put *p = ctx;

    while (p->piece.n > 0 && p->failed == 0) {
        ssize_t n = write(p->fd, p->piece.p, p->piece.n);

        if (n >= 0)
            p->piece = str_skip(p->piece, (size_t)n);
        else if (errno != EINTR)
            p->failed = errno;
    }
}

static void piece_came(struct exchange *x, struct str piece);

static void piece_written(void *ctx)
{
    struct put *p = ctx;

    if (p->failed != 0 || exchange_gone(p->exchange))
        give_up(p);
    else
        exchange_read(p->exchange, PIECE_BYTES, piece_came);
}

/* The parser counts: the end comes when as much is there as was announced, and that is the slot's size. */
static void piece_came(struct exchange *x, struct str piece)
{
    struct put *p = x->state;

    p->piece = piece;
    if (exchange_gone(x))
        give_up(p);
    else if (piece.n > 0)
        loop_offload(x->host->loop, write_piece, piece_written, p);
    else
        loop_offload(x->host->loop, finish_file, file_finished, p);
}

/* ---- The slot -------------------------------------------------------------------------------------- */

static void open_part(void *ctx)
{
    struct put *p = ctx;

    p->fd = openat(p->exchange->host->uploads_fd, p->part,
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (p->fd < 0)
        p->failed = errno;
}

static void part_opened(void *ctx)
{
    struct put *p = ctx;

    if (p->fd >= 0 && !exchange_gone(p->exchange))
        exchange_read(p->exchange, PIECE_BYTES, piece_came);
    else if (p->fd >= 0)
        give_up(p);
    else if (p->failed == EEXIST)
        put_end(p, 409, STR("This file is being uploaded already."));
    else
        put_end(p, p->failed == ENOSPC || p->failed == EDQUOT ? 507 : 500,
                STR("The file could not be stored."));
}

static void slot_found(struct store_op *op)
{
    struct put *p = CONTAINER_OF(op, struct put, query.op);
    const struct http_request *r = p->exchange->request;

    p->upload = p->query.out.upload.upload;
    if (op->result != ERR_NONE || exchange_gone(p->exchange)
        || !str_eq(p->upload.filename, r->segments[2])
        || (!p->upload.done && p->upload.expires_ms <= exchange_now_ms(p->exchange)))
        put_refuse(p, 404, STR("There is no such slot."));
    else if (p->upload.done)
        put_refuse(p, 409, STR("A file is written once."));
    else if (r->length != p->upload.size)
        put_refuse(p, r->length > p->upload.size ? 413 : 400,
                   STR("The slot was given for another size."));
    else
        loop_offload(p->exchange->host->loop, open_part, part_opened, p);
}

void upload_receive(struct exchange *x)
{
    const struct http_request *r = x->request;
    struct str slot = r->segments[1];
    struct put *p = ARENA_NEW(&x->arena, struct put);

    if (!r->has_length || r->length == 0) {
        exchange_say(x, 411, true, STR("Please say how long the file is (Content-Length)."));
        return;
    }
    if (!upload_slot_is_one(slot) || x->host->uploads_fd < 0
        || !upload_is_authorized(x->host->settings, slot, http_get(r, "Authorization"))) {
        exchange_event(x, EVENT(EVENT_UPLOAD_DATA));
        exchange_say(x, 403, true, STR("The authorization is not that of the slot."));
        return;
    }
    x->state = p;
    p->exchange = x;
    p->name = arena_printf(&x->arena, "%.*s", STR_ARG(slot)).p;
    p->part = arena_printf(&x->arena, "%.*s.part", STR_ARG(slot)).p;
    p->query.kind = QUERY_UPLOAD;
    p->query.in.upload.slot = slot;
    p->query.op.home = x->host->home;
    p->query.op.done = slot_found;
    store_query(x->host->store, &p->query);
}
