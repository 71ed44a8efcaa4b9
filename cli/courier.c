/* courier.c: see courier.h. */
#include "cli/courier.h"

#include <unistd.h>

#include "cli/sealed_file.h"
#include "io/transfer.h"

struct courier {
    struct courier_config config;
    struct loop *loop;
    struct arena arena; /* of the id */
    struct str id;
    struct transfer *transfer; /* NULL: idle */
    int fd;
};

/* ---- What came of it ----------------------------------------------------------------------------- */

/* The slot was new, so what the server has against the file it will always have. */
static enum upload_result judge(enum transfer_result result, unsigned status)
{
    switch (result) {
    case TRANSFER_DONE: return UPLOAD_STORED;
    case TRANSFER_STOPPED: return UPLOAD_REFUSED;
    case TRANSFER_REFUSED:
        return status == 507 || (status >= 400 && status < 500 && status != 408 && status != 429)
                   ? UPLOAD_REFUSED
                   : UPLOAD_AGAIN;
    case TRANSFER_BROKEN:
    case TRANSFER_DISTRUSTED: break;
    }
    return UPLOAD_AGAIN;
}

static struct str words(struct arena *a, enum transfer_result result, unsigned status,
                        struct str why)
{
    switch (result) {
    case TRANSFER_STOPPED: return STR("what was sealed of the file cannot be read any more");
    case TRANSFER_REFUSED:
        if (status == 507 || status == 413)
            return STR("the server has no room for the file");
        return arena_printf(a, "the server did not take the file (%u)", status);
    default: return arena_printf(a, "the file did not reach the server: %.*s", STR_ARG(why));
    }
}

static void on_ended(void *ctx, enum transfer_result result, unsigned status, struct str why)
{
    struct courier *c = ctx;
    struct arena a = { 0 };
    struct str said = words(&a, result, status, why);

    transfer_free(c->transfer);
    c->transfer = NULL;
    close(c->fd);
    engine_now(c->config.engine, clock_wall_ms());
    if (result != TRANSFER_DONE && c->config.trouble != NULL)
        c->config.trouble(c->config.ctx, c->id, said, result == TRANSFER_DISTRUSTED);
    engine_uploaded(c->config.engine, c->id, judge(result, status), said);
    arena_deinit(&a);
}

/* What the server says beside its answer nobody reads. */
static bool on_piece(void *ctx, struct bytes piece)
{
    (void)ctx, (void)piece;
    return true;
}

static const struct transfer_handlers handlers = { on_piece, on_ended };

/* ---- Beginning ----------------------------------------------------------------------------------- */

static void give_up(struct courier *c, enum upload_result result, struct str why)
{
    close(c->fd);
    engine_uploaded(c->config.engine, c->id, result, why);
}

static void begin(struct courier *c, const struct upload *u)
{
    struct transfer_request request = {
        .url = u->url, .ca = c->config.ca, .source = c->fd, .size = u->size
    };
    struct arena a = { 0 };

    for (size_t i = 0; i < u->header_count; i++)
        request.headers[request.header_count++] = arena_printf(
            &a, "%.*s: %.*s", STR_ARG(u->headers[i].name), STR_ARG(u->headers[i].value));
    c->transfer = transfer_new(c->loop, &request, &handlers, c);
    arena_deinit(&a);
    if (c->transfer == NULL)
        give_up(c, UPLOAD_AGAIN, STR_NONE);
}

bool courier_turn(struct courier *c)
{
    struct upload u;

    if (c->transfer != NULL || !engine_next_upload(c->config.engine, &u))
        return false;
    arena_deinit(&c->arena);
    c->id = arena_str(&c->arena, u.id);
    c->fd = sealed_file_open(c->config.folder, u.source);
    if (c->fd < 0)
        engine_uploaded(c->config.engine, c->id, UPLOAD_REFUSED,
                        STR("what was sealed of the file is gone"));
    else
        begin(c, &u);
    return true;
}

void courier_event(struct courier *c, const struct engine_event *e)
{
    if (e->kind == ENGINE_FILE_DONE)
        sealed_file_remove(c->config.folder, e->text);
}

bool courier_progress(const struct courier *c, struct str id, uint64_t *out_done,
                      uint64_t *out_total)
{
    if (c->transfer == NULL || !str_eq(c->id, id))
        return false;
    transfer_progress(c->transfer, out_done, out_total);
    return true;
}

/* ---- Life ---------------------------------------------------------------------------------------- */

struct courier *courier_new(struct loop *l, const struct courier_config *config)
{
    struct courier *c = mem_alloc(sizeof *c);

    c->loop = l;
    c->config = *config;
    sealed_file_sweep(config->folder, config->engine);
    return c;
}

void courier_free(struct courier *c)
{
    if (c == NULL)
        return;
    if (c->transfer != NULL) {
        transfer_free(c->transfer);
        close(c->fd);
    }
    arena_deinit(&c->arena);
    mem_free(c);
}
