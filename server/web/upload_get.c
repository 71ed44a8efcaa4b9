/* upload_get.c: GET and HEAD of an uploaded file (XEP-0363 §7), whole or a range of it.
 *
 * Whoever knows the URL may read. What comes from a stranger shall never act in our name: what is not plainly a
 * picture, sound or film is a download, and a browser may run nothing of either. Files are read on another thread, a
 * piece at a time, as fast as the peer takes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/range.h"
#include "server/upload_slot.h"
#include "server/web/routes.h"

enum { PIECE_BYTES = 64 * 1024 };

struct get {
    struct exchange *exchange;
    struct store_query query;
    struct upload_record upload;
    const char *name;
    int fd;
    uint64_t size, at, left;
    char *piece;
    ssize_t got;
};

static void close_file(void *ctx)
{
    struct get *g = ctx;

    if (g->fd >= 0)
        close(g->fd);
}

static void file_closed(void *ctx)
{
    struct get *g = ctx;

    mem_free(g->piece);
    arena_deinit(&g->query.op.arena);
    exchange_end(g->exchange);
}

static void get_end(struct get *g)
{
    loop_offload(g->exchange->host->loop, close_file, file_closed, g);
}

static void get_refuse(struct get *g)
{
    arena_deinit(&g->query.op.arena);
    exchange_say(g->exchange, 404, true, STR("There is no such file, or not any more."));
}

/* ---- Pieces ---------------------------------------------------------------------------------------- */

static void read_piece(void *ctx)
{
    struct get *g = ctx;
    size_t want = g->left < PIECE_BYTES ? (size_t)g->left : PIECE_BYTES;

    do
        g->got = pread(g->fd, g->piece, want, (off_t)g->at);
    while (g->got < 0 && errno == EINTR);
}

static void next_piece(struct exchange *x);

/* A file that is shorter than it was: the peer sees it by the end of the connection. */
static void piece_read(void *ctx)
{
    struct get *g = ctx;

    if (g->got <= 0 || exchange_gone(g->exchange)) {
        g->exchange->last = true;
        get_end(g);
        return;
    }
    g->at += (uint64_t)g->got;
    g->left -= (uint64_t)g->got;
    exchange_write(g->exchange, (struct str){ g->piece, (size_t)g->got }, next_piece);
}

static void next_piece(struct exchange *x)
{
    struct get *g = x->state;

    if (g->left == 0 || exchange_gone(x))
        get_end(g);
    else
        loop_offload(x->host->loop, read_piece, piece_read, g);
}

/* ---- The head -------------------------------------------------------------------------------------- */

static struct str content_range(struct get *g, enum http_range range)
{
    struct arena *a = &g->exchange->arena;
    unsigned long long size = g->size, from = g->at;

    if (range == HTTP_RANGE_NONE)
        return arena_printf(a, "bytes */%llu", size);
    return arena_printf(a, "bytes %llu-%llu/%llu", from, from + g->left - 1, size);
}

static void begin(struct get *g)
{
    struct exchange *x = g->exchange;
    enum http_range range =
        http_range_read(http_get(x->request, "Range"), g->size, &g->at, &g->left);
    bool shown = upload_type_is_shown(g->upload.content_type);
    const struct http_field more[] = {
        { STR("Content-Disposition"), http_disposition(&x->arena, !shown, g->upload.filename) },
        { STR("Accept-Ranges"), STR("bytes") },
        { STR("Content-Range"), range == HTTP_RANGE_ALL ? STR("") : content_range(g, range) },
    };
    struct http_response r = {
        .status = range == HTTP_RANGE_ALL    ? 200
                  : range == HTTP_RANGE_PART ? 206
                                             : 416,
        .type = shown ? g->upload.content_type : STR("application/octet-stream"),
        .policy = STR("default-src 'none'; sandbox; frame-ancestors 'none'"),
        .cache = STR("private, max-age=86400, immutable"),
        .shared = true,
        .more = more,
        .more_count = range == HTTP_RANGE_ALL ? COUNT_OF(more) - 1 : COUNT_OF(more),
    };

    if (range == HTTP_RANGE_NONE)
        g->left = 0;
    r.length = g->left;
    exchange_begin(x, &r);
    if (x->request->method == HTTP_HEAD)
        g->left = 0;
    next_piece(x);
}

/* ---- The file -------------------------------------------------------------------------------------- */

static void open_file(void *ctx)
{
    struct get *g = ctx;
    struct stat st;

    g->fd = openat(g->exchange->host->uploads_fd, g->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (g->fd >= 0 && fstat(g->fd, &st) == 0)
        g->size = (uint64_t)st.st_size;
}

static void file_opened(void *ctx)
{
    struct get *g = ctx;

    if (g->fd < 0) {
        get_refuse(g);
        return;
    }
    g->piece = mem_alloc_raw(PIECE_BYTES);
    begin(g);
}

static void slot_found(struct store_op *op)
{
    struct get *g = CONTAINER_OF(op, struct get, query.op);
    struct exchange *x = g->exchange;

    g->upload = g->query.out.upload.upload;
    if (op->result != ERR_NONE || exchange_gone(x) || !g->upload.done || x->host->uploads_fd < 0
        || g->upload.expires_ms <= exchange_now_ms(x)
        || !str_eq(g->upload.filename, x->request->segments[2]))
        get_refuse(g);
    else
        loop_offload(x->host->loop, open_file, file_opened, g);
}

static void upload_get(struct exchange *x)
{
    struct get *g = ARENA_NEW(&x->arena, struct get);

    if (!upload_slot_is_one(x->request->segments[1])) {
        exchange_say(x, 404, true, STR("There is no such file, or not any more."));
        return;
    }
    x->state = g;
    g->exchange = x;
    g->fd = -1;
    g->name = arena_printf(&x->arena, "%.*s", STR_ARG(x->request->segments[1])).p;
    g->query.kind = QUERY_UPLOAD;
    g->query.in.upload.slot = x->request->segments[1];
    g->query.op.home = x->host->home;
    g->query.op.done = slot_found;
    store_query(x->host->store, &g->query);
}

void upload_file(struct exchange *x)
{
    if (x->request->method == HTTP_PUT)
        upload_receive(x);
    else
        upload_get(x);
}
