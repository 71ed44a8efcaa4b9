/* calling.c: see calling.h. */
#include "cli/calling.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/call_event.h"
#include "cli/visible.h"

enum { SECONDS_MAX = 24 * 60 * 60, LEAVE_MS = 5000 };

/* ---- What the person sees --------------------------------------------------------------------------- */

static void wipe_status(struct calling *c)
{
    if (c->shown)
        fprintf(c->account.program->err, "\r\033[K");
    c->shown = false;
}

static void say(struct calling *c, struct str words)
{
    struct arena a = { 0 };
    struct str line = visible_line(&a, words);

    wipe_status(c);
    if (!c->account.program->json)
        fprintf(c->account.program->out, "%.*s\n", STR_ARG(line));
    fflush(c->account.program->out);
    arena_deinit(&a);
}

/* 0:12  verified  loss 0.4 %  delay 23 ms */
static void show_status(struct calling *c)
{
    const struct live_call *l = &c->call;
    const struct program *p = c->account.program;
    uint64_t s = live_call_seconds(l), all = l->quality.received + l->quality.lost;

    if (p->json || l->connected_ms == 0 || !p->err_is_screen)
        return;
    fprintf(p->err, "\r\033[K%llu:%02u  %s", (unsigned long long)(s / 60), (unsigned)(s % 60),
            l->trust == ENTRY_TRUST_VERIFIED  ? "verified"
            : l->trust == ENTRY_TRUST_TRUSTED ? "encrypted"
                                              : "unverified");
    if (all > 0)
        fprintf(p->err, "  loss %.1f %%", 100.0 * (double)l->quality.lost / (double)all);
    if (l->measured && l->quality.rtt_ms >= 0)
        fprintf(p->err, "  delay %d ms", l->quality.rtt_ms);
    fprintf(p->err, "  Ctrl-C hangs up");
    fflush(p->err);
    c->shown = true;
}

static void tell(struct calling *c, const char *state)
{
    const struct live_call *l = &c->call;
    struct engine_event e = {
        .kind = ENGINE_CALL,
        .call_media = l->media,
        .entry = { .trust = l->trust, .id = l->id, .chat = l->peer, .time_ms = clock_wall_ms() }
    };
    struct call_info info;

    if (call_find(session_engine(c->account.session), l->id, &info))
        e.entry.outgoing = info.side == CALL_CALLER;
    e.entry.author = e.entry.outgoing ? c->account.bare : l->peer;
    call_event_tell(c->account.program, c->account.bare, &e, state);
}

static void tell_quality(const struct calling *c)
{
    const struct media_quality *q = &c->call.quality;

    program_tell(c->account.program,
                 json_pack("{s:s,s:o,s:I,s:I,s:I,s:i,s:f}", "event", "quality", "id",
                           json_of(c->call.id), "seconds", (json_int_t)live_call_seconds(&c->call),
                           "received", (json_int_t)q->received, "lost", (json_int_t)q->lost,
                           "rtt_ms", q->rtt_ms, "concealed", q->concealed));
}

/* ---- The call --------------------------------------------------------------------------------------- */

static void on_leaving(void *ctx)
{
    struct calling *c = ctx;

    account_end(&c->account, c->status);
}

/* What there is to say to the server is said first: settled, or some seconds later. */
static void leave(struct calling *c, int status)
{
    if (c->over)
        return;
    c->over = true;
    c->status = status;
    timer_stop(c->each_second);
    timer_stop(c->length);
    wipe_status(c);
    timer_start(c->leaving, LEAVE_MS);
}

static int status_of(const struct calling *c, struct str why)
{
    if (c->call.connected_ms > 0)
        return STATUS_DONE;
    return str_is(why, "Nobody answered.") ? STATUS_TIMEOUT : STATUS_FAILED;
}

static void connected(struct calling *c)
{
    struct arena a = { 0 };

    tell(c, "connected");
    say(c, arena_printf(&a, "Connected: %s.", call_trust_words(c->call.trust)));
    timer_start(c->each_second, 1000);
    if (c->seconds > 0)
        timer_start(c->length, c->seconds * 1000);
    arena_deinit(&a);
}

/* As program_fail(), with what the media process came to. */
static void tell_failure(const struct calling *c, struct str why)
{
    const struct program *p = c->account.program;
    struct str fault = c->call.fault;

    if (fault.n == 0) {
        (void)program_fail(p, STATUS_FAILED, "call", why);
        return;
    }
    program_warn(p, why);
    program_tell(p, json_pack("{s:s,s:s,s:o,s:o}", "event", "error", "code", "call", "text",
                              json_of(why), "media", json_of(fault)));
}

static void left(struct calling *c, struct str why)
{
    if (c->over) /* it was said why */
        return;
    leave(c, why.n > 0 ? STATUS_FAILED : STATUS_DONE);
    if (why.n > 0)
        tell_failure(c, why);
}

static void ended(struct calling *c, struct str why)
{
    struct arena a = { 0 };
    uint64_t s = live_call_seconds(&c->call);

    if (c->call.connected_ms > 0)
        say(c, arena_printf(&a, "%s%.*s%s%llu:%02u.", why.n > 0 ? "" : "The call has ended",
                            STR_ARG(why), why.n > 0 ? " It took " : " after ",
                            (unsigned long long)(s / 60), (unsigned)(s % 60)));
    else if (why.n > 0)
        say(c, why);
    leave(c, status_of(c, why));
    arena_deinit(&a);
}

/* The recording is whole when its process has ended, the other side knows when the server has all of it. */
void calling_settled(struct calling *c)
{
    if (c->over && live_call_is_gone(&c->call)
        && engine_is_settled(session_engine(c->account.session)))
        account_end(&c->account, c->status);
}

static void on_news(void *ctx, enum live_news news, struct str words)
{
    struct calling *c = ctx;

    switch (news) {
    case LIVE_RINGS: say(c, STR("It rings.")); break;
    case LIVE_ANSWERED: say(c, STR("Answered; connecting.")); break;
    case LIVE_CONNECTED: connected(c); break;
    case LIVE_HEARD: tell(c, "heard"); break;
    case LIVE_QUALITY: tell_quality(c); break;
    case LIVE_NOTED:
        wipe_status(c);
        program_warn(c->account.program, words);
        break;
    case LIVE_LEAVES: left(c, words); break;
    case LIVE_OVER: ended(c, words); break;
    case LIVE_GONE: calling_settled(c); break;
    }
}

void calling_leave(struct calling *c, int status, const char *reason, struct str why)
{
    if (c->over)
        return;
    if (status != STATUS_DONE && why.n > 0)
        (void)program_fail(c->account.program, status, "call", why);
    leave(c, status);
    if (c->call.id.n == 0)
        account_end(&c->account, status);
    else
        live_call_leave(&c->call, reason, status == STATUS_DONE ? STR_NONE : why);
}

void calling_event(struct calling *c, const struct engine_event *e)
{
    static const char *const states[] = { [CALL_RINGS_THERE] = "rings",
                                          [CALL_IS_ANSWERED] = "answered",
                                          [CALL_IS_DESCRIBED] = NULL,
                                          [CALL_IS_OVER] = "ended" };
    struct arena a = { 0 };
    bool ours = str_eq(e->entry.id, c->call.id);

    if (ours && states[e->call] != NULL)
        call_event_tell(c->account.program, c->account.bare, e, states[e->call]);
    if (!live_call_event(&c->call, e) && e->call == CALL_COMES && c->call.id.n > 0)
        say(c, arena_printf(&a, "%.*s calls meanwhile.", STR_ARG(e->entry.chat)));
    arena_deinit(&a);
}

/* ---- Life ------------------------------------------------------------------------------------------- */

static void on_second(void *ctx)
{
    struct calling *c = ctx;

    show_status(c);
    timer_start(c->each_second, 1000);
}

static void on_length(void *ctx)
{
    calling_leave(ctx, STATUS_DONE, NULL, STR_NONE);
}

static void on_interrupt(void *ctx)
{
    struct calling *c = ctx;

    calling_leave(c, c->call.connected_ms > 0 ? STATUS_DONE : STATUS_FAILED, NULL, STR_NONE);
}

/* A stopped program shows no call and ends none, while the microphone stays on and the other side waits. */
static bool may_stop(void *ctx)
{
    struct calling *c = ctx;

    if (live_call_is_gone(&c->call))
        return true;
    wipe_status(c);
    program_warn(c->account.program,
                 STR("Ctrl-Z does nothing in a call, for nobody would see that it goes on; Ctrl-C "
                     "hangs up"));
    return false;
}

static int refuse_file(struct program *p, const char *path)
{
    return program_fail(p, STATUS_FAILED, "file",
                        arena_printf(&p->arena, "%s: %s", path, strerror(errno)));
}

/* Before it rings anywhere: nobody is to be disturbed for a name that was mistyped. They are opened when the call is answered. */
static int look_at_files(struct program *p)
{
    const char *play = p->call.play, *record = p->call.record;
    char *folder;

    if (play != NULL && access(play, R_OK) != 0)
        return refuse_file(p, play);
    if (record == NULL || access(record, W_OK) == 0)
        return STATUS_DONE;
    if (errno != ENOENT)
        return refuse_file(p, record);
    folder =
        (char *)arena_printf(&p->arena, "%s", record).p; /* dirname() changes what it is given */
    return access(dirname(folder), W_OK) == 0 ? STATUS_DONE : refuse_file(p, record);
}

int calling_begin(struct calling *c, struct program *p, void (*release)(struct account *a))
{
    uint64_t seconds = 0;
    int status;

    if (p->call.seconds != NULL
        && (str_to_u64(str_from(p->call.seconds), SECONDS_MAX, &seconds) != ERR_NONE
            || seconds == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--seconds wants a number of seconds"));
    if ((status = look_at_files(p)) != STATUS_DONE)
        return status;
    account_init(&c->account, p);
    c->account.release = release;
    c->account.takes_calls = true;
    c->account.has_guests = true;
    c->account.interrupt = on_interrupt;
    c->account.may_stop = may_stop;
    c->seconds = seconds;
    return STATUS_DONE;
}

int calling_meet(struct calling *c, const struct session_handlers *handlers, uint64_t seconds,
                 void (*over)(void *ctx))
{
    int status = account_meet(&c->account, handlers, c, seconds, over);

    if (status != STATUS_DONE)
        return status;
    c->each_second = timer_new(c->account.loop, on_second, c);
    c->length = timer_new(c->account.loop, on_length, c);
    c->leaving = timer_new(c->account.loop, on_leaving, c);
    live_call_init(&c->call, c->account.session, c->account.loop, on_news, c);
    c->call.play = c->account.program->call.play;
    c->call.record = c->account.program->call.record;
    return STATUS_DONE;
}

void calling_deinit(struct calling *c)
{
    live_call_deinit(&c->call);
    timer_free(c->each_second);
    timer_free(c->length);
    timer_free(c->leaving);
    account_deinit(&c->account);
}
