/* file_get.c: `sotto file get`: a file that came with a message, into a folder, once it is known to be what was sent.
 *
 *     own server:  GET                                     else:  ticket from our server, which fetches it, so that the
 *     --direct:    GET, and its host learns our address           other host learns nothing of us
 *
 * What comes is opened piece by piece into a file without a name (new_file.h); it gets one when the tag and all that its sender
 * said of it hold.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/attached.h"
#include "cli/file.h"
#include "cli/incoming_file.h"
#include "cli/progress.h"
#include "cli/visible.h"
#include "client/files.h"
#include "io/transfer.h"

enum { PATIENCE_S = 60, TURN_MS = 250 };

struct getting {
    struct account account;
    struct str id;
    struct attachment file;
    struct incoming_file in;
    bool direct, asked;
    struct transfer *transfer;
    struct timer *turn;
    struct progress progress;
};

static void end(struct getting *g, int status)
{
    progress_end(&g->progress);
    account_end(&g->account, status);
}

static void fail(struct getting *g, int status, const char *code, struct str why)
{
    end(g, program_fail(g->account.program, status, code, why));
}

/* ---- Its place ----------------------------------------------------------------------------------- */

static void tell(struct getting *g, const char *name)
{
    struct arena *a = &g->account.arena;
    struct str path = strcmp(g->in.folder, ".") == 0 ? str_from(name)
                                                     : arena_printf(a, "%s/%s", g->in.folder, name);

    if (!g->account.program->json)
        fprintf(g->account.program->out, "%.*s\n", STR_ARG(visible_line(a, path)));
    program_tell(g->account.program, json_pack("{s:s,s:o,s:o}", "event", "file", "id",
                                               json_of(g->id), "path", json_of(path)));
}

static void finish(struct getting *g)
{
    const char *name = NULL;
    enum err e = incoming_file_end(&g->in, &g->account.arena, &name);

    if (e == ERR_DENIED) {
        fail(g, STATUS_FAILED, "altered",
             STR("what came is not what was sent: it was altered, or is not whole. Nothing of it "
                 "was "
                 "kept"));
        return;
    }
    if (e != ERR_NONE) {
        fail(g, STATUS_FAILED, e == ERR_EXISTS ? "exists" : "disk",
             arena_printf(&g->account.arena, "%s/%s: %.*s", g->in.folder, name,
                          STR_ARG(new_file_why(e))));
        return;
    }
    tell(g, name);
    end(g, STATUS_DONE);
}

/* ---- On its way ---------------------------------------------------------------------------------- */

static bool on_piece(void *ctx, struct bytes piece)
{
    struct getting *g = ctx;

    return incoming_file_piece(&g->in, piece);
}

static void stopped(struct getting *g)
{
    if (g->in.failed == ERR_TOO_BIG)
        fail(g, STATUS_FAILED, "altered",
             STR("more came than was sent: it was altered. Nothing of it was kept"));
    else
        fail(g, STATUS_FAILED, "disk",
             arena_printf(&g->account.arena, "%s: %.*s", g->in.folder,
                          STR_ARG(new_file_why(g->in.failed))));
}

/* Of the file's server, or of ours that asked it (docs/fetch.md). */
static void refused(struct getting *g, unsigned status)
{
    struct arena *a = &g->account.arena;

    switch (status) {
    case 404:
    case 410:
        fail(g, STATUS_FAILED, "missing",
             STR("the file is not there any more: servers keep files for a time only"));
        break;
    case 413:
        fail(g, STATUS_FAILED, "too-big", STR("the server fetches no files of this size"));
        break;
    case 429: fail(g, STATUS_FAILED, "later", STR("too much is fetched now: try later")); break;
    case 502:
    case 504:
        fail(g, STATUS_FAILED, "relay",
             arena_printf(a, "our server cannot fetch it from %.*s",
                          STR_ARG(attachment_place(&g->file))));
        break;
    default:
        fail(g, STATUS_FAILED, "refused",
             arena_printf(a, "the server does not give the file (%u)", status));
    }
}

static void on_ended(void *ctx, enum transfer_result result, unsigned status, struct str why)
{
    struct getting *g = ctx;
    struct arena *a = &g->account.arena;
    struct str said = arena_str(a, why);

    transfer_free(g->transfer);
    g->transfer = NULL;
    switch (result) {
    case TRANSFER_DONE: finish(g); break;
    case TRANSFER_STOPPED: stopped(g); break;
    case TRANSFER_BROKEN:
        fail(g, STATUS_UNREACHABLE, "unreachable",
             arena_printf(a, "the file did not come: %.*s", STR_ARG(said)));
        break;
    case TRANSFER_DISTRUSTED:
        fail(g, STATUS_FAILED, "distrusted",
             arena_printf(a, "that is not the server that was meant: %.*s", STR_ARG(said)));
        break;
    case TRANSFER_REFUSED: refused(g, status); break;
    }
}

static const struct transfer_handlers transfer_events = { on_piece, on_ended };

static void begin(struct getting *g, struct str url)
{
    struct transfer_request request = {
        .url = url,
        .ca = g->account.program->ca,
        .source = -1,
        .resumes = g->direct, /* what our server fetches elsewhere it fetches once */
    };

    incoming_file_begin(&g->in);
    g->transfer = transfer_new(g->account.loop, &request, &transfer_events, g);
    if (g->transfer == NULL)
        fail(g, STATUS_FAILED, "system", STR("this system is out of threads"));
}

static void on_turn(void *ctx)
{
    struct getting *g = ctx;
    uint64_t done, total;

    if (g->transfer != NULL) {
        transfer_progress(g->transfer, &done, &total);
        progress_show(&g->progress, done, total);
    }
    timer_start(g->turn, TURN_MS);
}

/* ---- The session, which asks for a ticket -------------------------------------------------------- */

static void on_event(void *ctx, const struct engine_event *e)
{
    struct getting *g = ctx;

    if (g->direct && e->kind != ENGINE_BROKEN) {
        return; /* what the server says does not matter */
    } else if (e->kind == ENGINE_ONLINE && !g->asked) {
        g->asked = true;
        engine_fetch(session_engine(g->account.session), g->file.url);
    } else if (e->kind == ENGINE_FETCH && e->refused) {
        fail(
            g, STATUS_FAILED, "relay",
            arena_printf(&g->account.arena,
                         "the server does not fetch it: %.*s. --direct fetches it from %.*s, which "
                         "then learns this machine's address",
                         STR_ARG(e->text), STR_ARG(attachment_place(&g->file))));
    } else if (e->kind == ENGINE_FETCH && g->transfer == NULL) {
        begin(g, e->text);
    } else if (account_over(&g->account, e)) {
        progress_end(&g->progress);
    }
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct getting *g = ctx;

    if (!g->direct && g->transfer == NULL)
        fail(g, distrusted ? STATUS_FAILED : STATUS_UNREACHABLE,
             distrusted ? "distrusted" : "unreachable", why);
}

static void on_timeout(void *ctx)
{
    fail(ctx, STATUS_TIMEOUT, "timeout", STR("the file has not come in this time"));
}

static const struct session_handlers handlers = { .event = on_event, .lost = on_lost };

/* ---- Which file, and where to -------------------------------------------------------------------- */

/* A folder, or a name in one. */
static void choose_place(struct getting *g)
{
    struct arena *a = &g->account.arena;
    const char *output = g->account.program->file.output;
    struct str path = str_from(output), own = attached_name(a, &g->file);
    size_t slash = str_find_last(path, '/');
    struct stat st;

    g->in.file = &g->file;
    g->in.folder = output != NULL ? output : ".";
    g->in.name = arena_printf(a, "%.*s", STR_ARG(own)).p;
    if (output == NULL || (stat(output, &st) == 0 && S_ISDIR(st.st_mode)) || slash + 1 == path.n)
        return;
    g->in.is_named = true;
    g->in.name = slash == path.n ? output : output + slash + 1;
    g->in.folder = slash == path.n ? "."
                   : slash == 0    ? "/"
                                   : arena_printf(a, "%.*s", (int)slash, output).p;
}

static int open_place(struct getting *g)
{
    struct arena *a = &g->account.arena;
    struct program *p = g->account.program;
    enum err e = incoming_file_open(&g->in, &p->random);

    if (e == ERR_NONE)
        return STATUS_DONE;
    return program_fail(p, STATUS_FAILED, e == ERR_EXISTS ? "exists" : "disk",
                        arena_printf(a, "%s: %.*s", g->in.is_named ? p->file.output : g->in.folder,
                                     STR_ARG(new_file_why(e))));
}

static int find(struct getting *g, const struct jid *chat)
{
    struct program *p = g->account.program;

    switch (file_find(&g->account, chat, g->id, &g->file)) {
    case ERR_NONE: break;
    case ERR_MISSING:
        return program_fail(p, STATUS_FAILED, "missing",
                            STR("no message with this id brought a file; `sotto file list` lists "
                                "those that did"));
    default:
        return program_fail(p, STATUS_FAILED, "store",
                            STR("the store cannot be read: it is damaged, or was tampered with"));
    }
    if (g->file.url.n > 0)
        return STATUS_DONE;
    return program_fail(p, STATUS_FAILED, "own",
                        STR("this device sent that file: it has it already"));
}

static int get_it(struct getting *g, const struct jid *chat)
{
    struct account *a = &g->account;
    int status;

    if ((status = account_open(a)) != STATUS_DONE || (status = find(g, chat)) != STATUS_DONE)
        return status;
    choose_place(g);
    if ((status = open_place(g)) != STATUS_DONE)
        return status;
    if ((status = account_begin(a, &handlers, g)) != STATUS_DONE)
        return status;
    g->direct =
        a->program->file.direct || engine_is_own_place(session_engine(a->session), &g->file);
    if ((status = account_limit(a, g->direct ? 0 : PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    g->turn = timer_new(a->loop, on_turn, g);
    timer_start(g->turn, TURN_MS);
    if (g->direct)
        begin(g, g->file.url);
    return account_run(a);
}

static void release(struct account *a)
{
    struct getting *g = CONTAINER_OF(a, struct getting, account);

    transfer_free(g->transfer);
    incoming_file_drop(&g->in);
    timer_free(g->turn);
    account_deinit(a);
    secure_zero(&g->file, sizeof g->file);
}

int file_get(struct program *p, const struct jid *chat, struct str id)
{
    struct getting *g = ARENA_NEW(&p->arena, struct getting);

    *g = (struct getting){ .id = id,
                           .in = { .to = { .folder = -1, .fd = -1 } },
                           .progress = { p, .doing = "fetching" } };
    account_init(&g->account, p);
    g->account.release = release;
    return account_leave(&g->account, get_it(g, chat));
}
