/* fetching.c: see fetching.h. */
#include "cli/chat/fetching.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "cli/attached.h"
#include "cli/incoming_file.h"
#include "client/files.h"
#include "io/transfer.h"

struct fetching {
    struct arena arena;
    struct loop *loop;
    struct engine *engine;
    const struct program *program;
    struct attachment file;
    struct incoming_file in;
    struct transfer *transfer;
    fetching_ended *ended;
    void *ctx;
    bool is_over;
};

static void end(struct fetching *f, bool ok, struct str words)
{
    if (f->is_over)
        return;
    f->is_over = true;
    f->ended(f->ctx, ok, words);
}

static const char *folder_of(struct arena *a)
{
    const char *home = getenv("HOME"), *downloads;
    struct stat st;

    if (home == NULL || home[0] != '/')
        return ".";
    downloads = arena_printf(a, "%s/Downloads", home).p;
    return stat(downloads, &st) == 0 && S_ISDIR(st.st_mode) ? downloads : home;
}

/* ---- On its way ---------------------------------------------------------------------------------- */

static void finish(struct fetching *f)
{
    const char *name;
    enum err e = incoming_file_end(&f->in, &f->arena, &name);

    if (e == ERR_DENIED)
        end(f, false,
            STR("What came is not what was sent: it was altered. Nothing of it was kept"));
    else if (e != ERR_NONE)
        end(f, false, arena_printf(&f->arena, "%s: %.*s", f->in.folder, STR_ARG(new_file_why(e))));
    else
        end(f, true, arena_printf(&f->arena, "Saved as %s/%s", f->in.folder, name));
}

static bool on_piece(void *ctx, struct bytes piece)
{
    struct fetching *f = ctx;

    return incoming_file_piece(&f->in, piece);
}

static struct str refusal(struct arena *a, unsigned status)
{
    switch (status) {
    case 404:
    case 410: return STR("The file is not there any more: servers keep files for a time only");
    case 413: return STR("The server fetches no files of this size");
    case 429: return STR("Too much is fetched now: try later");
    default: return arena_printf(a, "The server does not give the file (%u)", status);
    }
}

static void on_ended(void *ctx, enum transfer_result result, unsigned status, struct str why)
{
    struct fetching *f = ctx;

    switch (result) {
    case TRANSFER_DONE: finish(f); break;
    case TRANSFER_REFUSED: end(f, false, refusal(&f->arena, status)); break;
    case TRANSFER_STOPPED:
        end(f, false,
            arena_printf(&f->arena, "%s: %.*s", f->in.folder, STR_ARG(new_file_why(f->in.failed))));
        break;
    case TRANSFER_BROKEN:
    case TRANSFER_DISTRUSTED:
        end(f, false, arena_printf(&f->arena, "The file did not come: %.*s", STR_ARG(why)));
        break;
    }
}

static const struct transfer_handlers transfer_events = { on_piece, on_ended };

static void transfer(struct fetching *f, struct str url)
{
    struct transfer_request request = {
        .url = url,
        .ca = f->program->ca,
        .source = -1,
        .resumes = str_eq(url, f->file.url), /* what our server fetches elsewhere it fetches once */
    };

    incoming_file_begin(&f->in);
    f->transfer = transfer_new(f->loop, &request, &transfer_events, f);
    if (f->transfer == NULL)
        end(f, false, STR("This system is out of threads"));
}

void fetching_event(struct fetching *f, const struct engine_event *e)
{
    if (f->transfer != NULL || f->is_over || !str_eq(e->entry.target, f->file.url))
        return;
    if (e->refused)
        end(f, false,
            arena_printf(&f->arena, "The server does not fetch it: %.*s", STR_ARG(e->text)));
    else
        transfer(f, e->text);
}

/* ---- Life ---------------------------------------------------------------------------------------- */

struct fetching *fetching_new(struct loop *l, struct engine *c, const struct program *p,
                              struct str record, fetching_ended *ended, void *ctx)
{
    struct fetching *f = mem_alloc(sizeof *f);

    *f = (struct fetching){ .loop = l, .engine = c, .program = p, .ended = ended, .ctx = ctx };
    f->in.to = (struct new_file){ .folder = -1, .fd = -1 };
    record = arena_str(&f->arena, record);
    if (attachment_read(bytes_of_str(record), &f->file) != ERR_NONE)
        f->file = (struct attachment){ 0 };
    f->in.file = &f->file;
    f->in.folder = folder_of(&f->arena);
    f->in.name = arena_printf(&f->arena, "%.*s", STR_ARG(attached_name(&f->arena, &f->file))).p;
    return f;
}

void fetching_begin(struct fetching *f)
{
    enum err e;

    if (f->file.url.n == 0) {
        end(f, false, STR("This device sent that file: it has it already"));
        return;
    }
    if ((e = incoming_file_open(&f->in, &f->program->random)) != ERR_NONE)
        end(f, false, arena_printf(&f->arena, "%s: %.*s", f->in.folder, STR_ARG(new_file_why(e))));
    else if (engine_is_own_place(f->engine, &f->file))
        transfer(f, f->file.url);
    else
        engine_fetch(f->engine, f->file.url);
}

void fetching_free(struct fetching *f)
{
    if (f == NULL)
        return;
    transfer_free(f->transfer);
    incoming_file_drop(&f->in);
    secure_zero(&f->file, sizeof f->file);
    arena_deinit(&f->arena);
    mem_free(f);
}
