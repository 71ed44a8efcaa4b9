/* plain.c: the messenger line by line: no cursor is moved, every event is one line, commands are words. For screen readers, which read
 * what is added, for scripts, and for terminals that can do nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/chat/desk.h"
#include "cli/chat/faces.h"
#include "cli/chat/keys.h"
#include "cli/chat/visit.h"
#include "cli/chat/when.h"
#include "cli/chat/words.h"
#include "cli/late.h"
#include "cli/pause.h"
#include "cli/visible.h"
#include "io/watch.h"

enum { LINE_MAX_OCTETS = COMPOSER_MAX, LAST_SHOWN = 5, READ_OCTETS = 4096 };

struct plain {
    struct desk desk;
    struct watch *lines;
    struct buf line;
    int fd;
    unsigned panel_shown;
    unsigned notices_shown;
    const struct chat *introduced; /* the open chat, once its last messages were printed */
    const char *worth;             /* words of the last message: told when they change */
    enum connection told;
};

/* ---- Printing ------------------------------------------------------------------------------------ */

static void print(struct str text)
{
    struct arena a = { 0 };
    struct str shown = visible_line(&a, text);

    printf("%.*s\n", STR_ARG(shown));
    fflush(stdout);
    arena_deinit(&a);
}

static struct str body(struct arena *a, const struct message *m)
{
    if (m->only_here)
        return STR("(message taken back on this device alone: the others have it)");
    if (m->retracted)
        return STR("(message taken back)");
    if (m->entry.kind == ENTRY_SEALED)
        return arena_printf(a, "(cannot be read on this device: %.*s)", STR_ARG(m->entry.text));
    return arena_concat(
        a, m->edited ? arena_concat(a, m->text, STR(" (edited)")) : message_words(a, m),
        late_words(a, &m->entry));
}

/* How far ours has come; while it happens, only what keeps it here: the rest is told when it does. */
static struct str state(struct plain *p, struct arena *a, const struct chat *c,
                        const struct message *m, bool live)
{
    static const char *const words[] = { " (waits on this device)", " (sent)", " (delivered)",
                                         " (read)", "" };
    const struct model *model = &p->desk.model;

    if (!m->entry.outgoing || m->retracted || m->entry.kind == ENTRY_CALL)
        return STR("");
    if (m->delivery == DELIVERY_FAILED)
        return arena_printf(a, " (NOT SENT: %.*s)", STR_ARG(m->why));
    if (live && model->connection == CONNECTION_ONLINE
        && chat_waits_for(model, c) == WAITS_FOR_NOTHING)
        return STR("");
    return str_from(words[m->delivery]);
}

static struct str reactions(struct plain *p, struct arena *a, const struct chat *c,
                            const struct message *m)
{
    struct str out = STR("");

    for (size_t i = 0; i < m->reaction_count && !m->retracted; i++) {
        const struct reaction *r = &m->reactions[i];
        bool own = str_eq(r->author, p->desk.model.own);

        out = arena_printf(a, "%.*s (%.*s reacted: %.*s)", STR_ARG(out),
                           STR_ARG(own ? STR("you") : chat_name(c)), STR_ARG(r->emojis));
    }
    return out;
}

/* Not said by anybody: messages disappear from here on, there is a new device. */
static void print_line(struct plain *p, const struct message *m)
{
    struct arena a = { 0 };

    print(arena_printf(&a, "%.*s %.*s", STR_ARG(when_clock(&a, m->entry.time_ms)),
                       STR_ARG(m->entry.kind == ENTRY_TIMER
                                   ? timer_words(&a, &m->entry)
                                   : device_words(&a, &p->desk.model, &m->entry))));
    arena_deinit(&a);
}

static void print_message(struct plain *p, const struct chat *c, const struct message *m, bool live)
{
    struct arena a = { 0 };
    struct str worth = message_trust_words(m), when = when_clock(&a, m->entry.time_ms);
    bool tells = worth.n > 0 && worth.p != p->worth; /* they are constants */

    if (!message_is_said(m)) {
        print_line(p, m);
        return;
    }
    if (worth.n > 0)
        p->worth = worth.p;
    if (m->entry.outgoing)
        print(arena_printf(&a, "%.*s You to %.*s: %.*s%.*s%.*s", STR_ARG(when),
                           STR_ARG(chat_name(c)), STR_ARG(body(&a, m)),
                           STR_ARG(state(p, &a, c, m, live)), STR_ARG(reactions(p, &a, c, m))));
    else
        print(arena_printf(&a, "%.*s %.*s: %.*s%s%.*s%s%.*s", STR_ARG(when), STR_ARG(chat_name(c)),
                           STR_ARG(body(&a, m)), tells ? " (" : "",
                           STR_ARG(tells ? worth : STR("")), tells ? ")" : "",
                           STR_ARG(reactions(p, &a, c, m))));
    arena_deinit(&a);
}

static const char *const events[] = {
    [ENTRY_CORRECTION] = "corrected a message",
    [ENTRY_RETRACTION] = "took a message back",
    [ENTRY_REACTIONS] = "reacted",
    [ENTRY_DELIVERED] = "has it",
    [ENTRY_READ] = "has read it",
    [ENTRY_FAILED] = "was not sent a message",
};

/* A device that rings has the call, too, which is told in other words. */
static bool is_about_words(const struct chat *c, const struct entry *e)
{
    return e->kind != ENTRY_DELIVERED || timeline_find(c->timeline, e->target) != NULL;
}

static void on_entry(void *ctx, const struct entry *e)
{
    struct plain *p = ctx;
    struct model *m = &p->desk.model;
    const struct chat *c = model_find(m, e->chat);
    const struct message *message = timeline_find(c->timeline, e->id);
    struct arena a = { 0 };

    if ((e->kind == ENTRY_MESSAGE || e->kind == ENTRY_SEALED || e->kind == ENTRY_CALL
         || e->kind == ENTRY_TIMER)
        && message != NULL) {
        print_message(p, c, message, true);
        if (c == m->open)
            model_seen(m);
    } else if ((size_t)e->kind < COUNT_OF(events) && events[e->kind] != NULL
               && (!e->outgoing || e->kind == ENTRY_FAILED) && is_about_words(c, e)) {
        bool back = e->kind == ENTRY_REACTIONS && e->text.n == 0;

        print(arena_printf(&a, "%.*s %s%s%.*s", STR_ARG(chat_name(c)),
                           back ? "took a reaction back" : events[e->kind],
                           e->text.n > 0 ? ": " : "", STR_ARG(e->text)));
    }
    arena_deinit(&a);
}

static void print_panel(struct plain *p)
{
    const struct panel *panel = &p->desk.model.panel;
    struct arena a = { 0 };
    size_t number = 0;

    print(panel->title);
    for (size_t i = 0; i < panel->count; i++) {
        const struct panel_row *row = &panel->rows[i];

        if (row->style == STYLE_CODE)
            continue; /* nothing to be heard in it */
        if (row->value.p != NULL)
            print(arena_printf(&a, "%zu. %.*s", ++number, STR_ARG(row->text)));
        else if (row->text.n > 0)
            print(row->text);
    }
    arena_deinit(&a);
}

static void print_help(void)
{
    struct word_help h;

    print(STR("What you type is sent to the open chat. Commands:"));
    for (size_t cursor = 0; words_next_help(&cursor, &h);)
        printf("/%s%s%s: %s\n", h.word, h.argument[0] != '\0' ? " " : "", h.argument, h.what);
    fflush(stdout);
}

/* Who it is, and the last that was said, once that is read. */
static void introduce(struct plain *p)
{
    struct model *m = &p->desk.model;
    const struct chat *c = m->open;
    size_t count = timeline_count(c->timeline);
    size_t shown = c->unread > LAST_SHOWN ? c->unread : LAST_SHOWN;
    struct arena a = { 0 };

    p->introduced = c;
    print(arena_printf(&a, "Chat with %.*s, %.*s, %u new", STR_ARG(chat_name(c)),
                       STR_ARG(chat_trust_words(&a, m, c)), c->unread));
    for (size_t i = count > shown ? count - shown : 0; i < count; i++)
        print_message(p, c, timeline_at(c->timeline, i), false);
    model_seen(m);
    arena_deinit(&a);
}

static void on_changed(void *ctx)
{
    struct plain *p = ctx;
    struct model *m = &p->desk.model;

    if (m->notice.n > 0 && m->notices != p->notices_shown)
        print(buf_str(&m->notice));
    p->notices_shown = m->notices;
    if (m->panel.kind == PANEL_HELP && m->panel.version != p->panel_shown)
        print_help();
    else if (m->panel.kind != PANEL_NONE && m->panel.version != p->panel_shown)
        print_panel(p);
    p->panel_shown = m->panel.version;
    if (m->open != NULL && m->open != p->introduced && !m->open->loading && m->ready)
        introduce(p);
}

static void on_connection(void *ctx)
{
    struct plain *p = ctx;
    const struct model *m = &p->desk.model;
    struct arena a = { 0 };

    if (m->connection != p->told) {
        if (m->connection == CONNECTION_ONLINE)
            print(STR("Connected"));
        else
            print(arena_printf(&a, "%s: %.*s",
                               m->connection == CONNECTION_LOST ? "No connection, trying again"
                                                                : "Refused",
                               STR_ARG(buf_str(&m->why))));
    }
    p->told = m->connection;
    arena_deinit(&a);
}

static void on_wish(void *ctx, const struct wish *w)
{
    (void)ctx;
    if (w->kind == WISH_SUSPEND) /* there is no screen to draw again */
        pause_for_shell();
}

static void on_call(void *ctx, struct str words)
{
    (void)ctx;
    print(words);
}

static const struct desk_face face = { on_changed, on_entry, on_wish, on_connection, on_call };

/* ---- Reading ------------------------------------------------------------------------------------- */

/* The line after an /open that failed is meant for nobody who was open before. */
static enum words run(struct plain *p, struct str line)
{
    struct model *m = &p->desk.model;
    enum words came = words_run(m, line);

    if (came == WORDS_REFUSED && m->open != NULL && str_starts(str_trim(line), STR("/open"))) {
        visit_leave(m);
        p->introduced = NULL;
        print(STR("No chat is open now"));
    }
    return came;
}

static void take_line(struct plain *p, struct str line)
{
    struct model *m = &p->desk.model;

    m->now_ms = clock_wall_ms();
    if (str_trim(line).n == 0 || run(p, line) != WORDS_NONE)
        return;
    if (m->open == NULL) {
        model_notice(m, true, STR("No chat is open: /open and a name, or an address"));
        return;
    }
    if (m->panel.kind != PANEL_NONE)
        model_act(m, ACT_BACK);
    model_send(m, str_starts(line, STR("//")) ? str_skip(line, 1) : line);
}

static void take(struct plain *p, struct str in)
{
    while (in.n > 0) {
        size_t end = str_find(in, '\n');

        buf_add(&p->line, str_slice(in, 0, end));
        if (end == in.n)
            return;
        in = str_skip(in, end + 1);
        if (p->line.failed)
            model_notice(&p->desk.model, true, STR("That is too long for one message"));
        else
            take_line(p, buf_str(&p->line));
        buf_reset(&p->line);
        desk_work(&p->desk);
    }
}

/* False: nothing more comes. */
static bool read_some(struct plain *p)
{
    char octets[READ_OCTETS];
    ssize_t n;

    while ((n = read(p->fd, octets, sizeof octets)) > 0)
        take(p, (struct str){ octets, (size_t)n });
    secure_zero(octets, sizeof octets);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void on_readable(void *ctx, bool readable, bool writable)
{
    struct plain *p = ctx;

    (void)readable, (void)writable;
    if (read_some(p))
        return;
    watch_set(p->lines, false, false);
    desk_leave(&p->desk);
}

/* A terminal gets a descriptor of its own, so that what is set on it is not set for the shell's. */
static int open_lines(void)
{
    const char *name = ttyname(STDIN_FILENO);

    return name != NULL ? open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
                        : dup(STDIN_FILENO);
}

static int begin(struct plain *p, struct program *program)
{
    int status = desk_open(&p->desk, program, &face, p);

    if (status != STATUS_DONE)
        return status;
    p->fd = open_lines();
    p->lines = p->fd >= 0 ? watch_new(p->desk.account.loop, p->fd, on_readable, p) : NULL;
    if (p->lines == NULL)
        return program_fail(program, STATUS_USAGE, "terminal",
                            STR("standard input has to be a terminal or a pipe"));
    watch_set(p->lines, true, false);
    print(STR("Sotto. /help lists the commands"));
    return STATUS_DONE;
}

int face_plain(struct program *program)
{
    struct plain p = { .fd = -1 };
    int status;

    buf_init(&p.line, LINE_MAX_OCTETS);
    status = begin(&p, program);
    if (status == STATUS_DONE && (status = desk_run(&p.desk)) == STATUS_FAILED)
        status = program_store_failed(program);
    watch_free(p.lines);
    if (p.fd >= 0)
        close(p.fd);
    if (p.line.p != NULL)
        secure_zero(p.line.p, p.line.n);
    buf_deinit(&p.line);
    desk_deinit(&p.desk);
    return status;
}
