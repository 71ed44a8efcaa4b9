/* file_send.c: `sotto file send`: a file, or a voice message, to a person. It ends when the server has acknowledged the message that
 * tells of the file; until then the file waits in the account's folder, sealed, and the next command that connects goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/held.h"
#include "cli/progress.h"
#include "cli/recorder.h"
#include "cli/sealed_file.h"
#include "cli/visible.h"
#include "client/files.h"

enum { PATIENCE_MS = 60 * 1000, TURN_MS = 250 };

struct file_sending {
    struct account account;
    struct jid to;
    struct str id;
    struct timer *turn;
    struct progress progress;
    uint64_t done, moved_ms; /* when something moved last */
    bool warned;
};

static const char kept[] = "the file waits, and is sent when another command connects";

/* ---- While it goes ------------------------------------------------------------------------------- */

static int timed_out(struct file_sending *s)
{
    struct account *a = &s->account;
    bool online = session_is_online(a->session);
    struct str by = held_by(a, &s->to);

    if (online && by.n > 0)
        return held_fail(a, by, kept);
    return program_fail(
        a->program, online ? STATUS_TIMEOUT : STATUS_UNREACHABLE,
        online ? "timeout" : "unreachable",
        arena_printf(&a->arena, "%s: %s", online ? "not sent yet" : "no connection", kept));
}

static bool is_too_long(struct file_sending *s, uint64_t still_ms)
{
    return still_ms >= PATIENCE_MS
           || (still_ms >= HELD_PATIENCE_S * 1000 && held_by(&s->account, &s->to).n > 0);
}

static void on_turn(void *ctx)
{
    struct file_sending *s = ctx;
    uint64_t done, total, now = clock_steady_ms();

    if (session_file_progress(s->account.session, s->id, &done, &total)) {
        if (total > 0)
            progress_show(&s->progress, done, total);
        if (done != s->done)
            s->moved_ms = now;
        s->done = done;
    }
    if (s->account.program->timeout == NULL && is_too_long(s, now - s->moved_ms))
        account_end(&s->account, timed_out(s));
    timer_start(s->turn, TURN_MS);
}

static void on_timeout(void *ctx)
{
    struct file_sending *s = ctx;

    account_end(&s->account, timed_out(s));
}

static void entry_came(struct file_sending *s, const struct entry *e)
{
    struct account *a = &s->account;

    if (!str_eq(e->target, s->id) || (e->kind != ENTRY_SENT && e->kind != ENTRY_FAILED))
        return;
    progress_end(&s->progress);
    if (a->program->json)
        program_tell_entry(a->program, a->bare, e);
    if (e->kind == ENTRY_SENT)
        account_end(a, STATUS_DONE);
    else
        account_end(a, program_fail(a->program, STATUS_FAILED, "failed", e->text));
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct file_sending *s = ctx;
    struct account *a = &s->account;

    if (e->kind == ENGINE_ENTRY)
        entry_came(s, &e->entry);
    else
        (void)account_over(a, e);
}

/* What waits longer than a moment is told once. */
static void trouble(struct file_sending *s, struct str why, bool distrusted)
{
    struct account *a = &s->account;
    struct arena scratch = { 0 };

    progress_end(&s->progress);
    if (distrusted)
        account_end(a, program_fail(a->program, STATUS_FAILED, "distrusted",
                                    arena_printf(&a->arena, "%.*s; %s", STR_ARG(why), kept)));
    else if (!s->warned)
        fprintf(a->program->err, "sotto: %.*s; trying again\n",
                STR_ARG(visible_line(&scratch, why)));
    s->warned = true;
    arena_deinit(&scratch);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    trouble(ctx, why, distrusted);
}

static void on_file_trouble(void *ctx, struct str id, struct str why, bool distrusted)
{
    struct file_sending *s = ctx;

    if (str_eq(id, s->id))
        trouble(s, why, distrusted);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .lost = on_lost,
                                                  .file_trouble = on_file_trouble };

/* ---- The file ------------------------------------------------------------------------------------ */

static struct str last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return str_from(slash != NULL ? slash + 1 : path);
}

static int open_source(struct program *p, const char *path, struct sealing_wish *wish)
{
    uint64_t seconds = 0;

    wish->voice = p->file.voice || p->file.record;
    wish->keep_metadata = p->file.keep_metadata;
    if (p->file.record) {
        if (p->file.record_s != NULL
            && (str_to_u64(str_from(p->file.record_s), RECORDING_MAX_S, &seconds) != ERR_NONE
                || seconds == 0))
            return program_fail(p, STATUS_USAGE, "usage",
                                STR("--record wants a number of seconds, 600 at most"));
        wish->name = STR("voice.ogg");
        return recorder_run(p, seconds, &wish->fd);
    }
    wish->name = last_part(path);
    wish->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (wish->fd >= 0)
        return STATUS_DONE;
    return program_fail(
        p, STATUS_FAILED, "file",
        arena_printf(&p->arena, "%s cannot be opened: %s", path, strerrordesc_np(errno)));
}

static int write_it(struct file_sending *s, const struct sealing_wish *wish)
{
    struct account *a = &s->account;
    struct engine *engine = session_engine(a->session);
    struct attachment f;
    struct str source;
    int status = sealed_file_make(a->program, wish, &f, &source, &a->arena);

    if (status != STATUS_DONE)
        return status;
    engine_now(engine, clock_wall_ms());
    if (engine_send_file(engine, &a->arena, &s->to, &f, source, &s->id) != ERR_NONE) {
        sealed_file_remove(a->program->folder, source);
        status = program_fail(a->program, STATUS_FAILED, "file", STR("the file cannot be sent"));
    }
    secure_zero(&f, sizeof f);
    return status;
}

static int send_it(struct file_sending *s, const struct sealing_wish *wish)
{
    struct account *a = &s->account;
    int status;

    if ((status = account_begin(a, &handlers, s)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, 0, on_timeout)) != STATUS_DONE)
        return status;
    if ((status = write_it(s, wish)) != STATUS_DONE)
        return status;
    s->progress.doing = "sending";
    s->moved_ms = clock_steady_ms();
    s->turn = timer_new(a->loop, on_turn, s);
    timer_start(s->turn, TURN_MS);
    return account_run(a);
}

static void release(struct account *a)
{
    struct file_sending *s = CONTAINER_OF(a, struct file_sending, account);

    progress_end(&s->progress);
    timer_free(s->turn);
    account_deinit(a);
}

int file_send(struct program *p, const struct jid *to, const char *path)
{
    struct sealing_wish wish = { .fd = -1 };
    struct file_sending *s = ARENA_NEW(&p->arena, struct file_sending);
    int status;

    account_init(&s->account, p);
    s->account.release = release;
    s->to = *to;
    s->progress.program = p;
    status = account_open(&s->account);
    if (status == STATUS_DONE)
        status = open_source(p, path, &wish);
    if (status == STATUS_DONE)
        status = send_it(s, &wish);
    if (wish.fd >= 0)
        close(wish.fd);
    return account_leave(&s->account, status);
}
