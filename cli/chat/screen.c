/* screen.c: the full screen: keys into the model, the model onto the terminal. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/chat/desk.h"
#include "cli/chat/faces.h"
#include "cli/chat/keys.h"
#include "cli/chat/terminal.h"
#include "cli/chat/view.h"
#include "io/watch.h"

enum { FRAME_MS = 8, BUSY_TERMINAL_MS = 50 };

struct screen {
    struct desk desk;
    struct terminal *terminal;
    struct watch *keys, *resized;
    int resized_fd;
    struct timer *draw;
    bool drawing; /* it is under way */
};

/* ---- Drawing ------------------------------------------------------------------------------------- */

/* What comes together is drawn together. */
static void soon(struct screen *s, uint64_t in_ms)
{
    if (s->drawing || s->draw == NULL)
        return;
    s->drawing = true;
    timer_start(s->draw, in_ms);
}

static void on_draw(void *ctx)
{
    struct screen *s = ctx;
    struct model *m = &s->desk.model;
    struct grid g;
    bool at_end, drawn;
    int width, height;

    s->drawing = false;
    terminal_size(s->terminal, &width, &height);
    model_resize(m, width, height);
    grid_init(&g, width, height);
    at_end = view_draw(m, &g);
    drawn = terminal_draw(s->terminal, &g);
    grid_deinit(&g);
    if (!drawn) {
        soon(s, BUSY_TERMINAL_MS);
        return;
    }
    if (m->bell)
        terminal_bell(s->terminal);
    m->bell = false;
    if (at_end && m->focus != FOCUS_LIST && m->open->unread > 0 && model_is_watched(m)) {
        model_seen(m);
        desk_work(&s->desk);
    }
}

static void on_changed(void *ctx)
{
    soon(ctx, FRAME_MS);
}

static void on_wish(void *ctx, const struct wish *w)
{
    struct screen *s = ctx;

    if (w->kind == WISH_SUSPEND)
        terminal_suspend(s->terminal);
    else
        terminal_redraw(s->terminal);
}

static const struct desk_face face = { .changed = on_changed, .wish = on_wish };

/* ---- Keys ---------------------------------------------------------------------------------------- */

static void on_key(void *ctx, uint32_t key)
{
    struct screen *s = ctx;
    struct model *m = &s->desk.model;
    enum action a = keys_action(m, key);
    char octets[4];

    m->now_ms = m->there_ms = clock_wall_ms();
    if (a != ACT_NONE)
        model_act(m, a);
    else if (key >= ' ' && key < PRESS_CTRL)
        model_type(m, (struct str){ octets, utf8_put(key, octets) });
}

static void on_paste(void *ctx, struct str text)
{
    struct screen *s = ctx;

    model_paste(&s->desk.model, text);
}

static void on_focus(void *ctx, bool on)
{
    struct screen *s = ctx;

    s->desk.model.behind = !on;
    if (on)
        s->desk.model.there_ms = clock_wall_ms();
}

static const struct terminal_handlers terminal_events = { on_key, on_paste, on_focus };

static void on_readable(void *ctx, bool readable, bool writable)
{
    struct screen *s = ctx;

    (void)readable, (void)writable;
    if (!terminal_read(s->terminal)) {
        watch_set(s->keys, false, false);
        desk_leave(&s->desk);
    }
    desk_work(&s->desk);
}

/* ---- Size ---------------------------------------------------------------------------------------- */

static void on_resized(void *ctx, bool readable, bool writable)
{
    struct screen *s = ctx;
    struct signalfd_siginfo info;

    (void)readable, (void)writable;
    while (read(s->resized_fd, &info, sizeof info) == sizeof info)
        ;
    soon(s, 0);
}

/* Before there is another thread that could take the signal. */
static void watch_size(struct screen *s)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->resized_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->resized_fd < 0)
        return;
    s->resized = watch_new(s->desk.account.loop, s->resized_fd, on_resized, s);
    if (s->resized != NULL)
        watch_set(s->resized, true, false);
}

/* ---- Life ---------------------------------------------------------------------------------------- */

static int begin(struct screen *s, struct program *p)
{
    const char *why;
    int status = desk_open(&s->desk, p, &face, s);

    if (status != STATUS_DONE)
        return status;
    watch_size(s);
    s->terminal = terminal_open(&terminal_events, s, &why);
    if (s->terminal == NULL)
        return program_fail(p, STATUS_USAGE, "terminal", str_from(why));
    s->desk.model.there_ms = clock_wall_ms();
    s->desk.model.symbols = symbols_of(terminal_is_utf8());
    s->draw = timer_new(s->desk.account.loop, on_draw, s);
    s->keys = watch_new(s->desk.account.loop, terminal_fd(s->terminal), on_readable, s);
    if (s->keys == NULL)
        return program_fail(p, STATUS_FAILED, "system", STR("this system is out of descriptors"));
    watch_set(s->keys, true, false);
    soon(s, 0);
    return STATUS_DONE;
}

static void end(struct screen *s)
{
    watch_free(s->keys);
    watch_free(s->resized);
    timer_free(s->draw);
    terminal_close(s->terminal);
    if (s->resized_fd >= 0)
        close(s->resized_fd);
}

int face_screen(struct program *p)
{
    struct screen s = { .resized_fd = -1 };
    int status = begin(&s, p);

    if (status == STATUS_DONE) {
        status = desk_run(&s.desk);
        end(&s);
        if (status == STATUS_FAILED)
            status = program_store_failed(p);
    } else {
        end(&s);
    }
    desk_deinit(&s.desk);
    return status;
}
