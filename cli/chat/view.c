/* view.c: the whole screen: bars, the rule above what is being written, the text itself. */
#include "cli/chat/view.h"

#include "cli/chat/calls.h"
#include "cli/lasting.h"
#include "cli/visible.h"

enum { QUOTE_OCTETS = 200, GAP = 2 };

struct frame {
    struct model *m;
    const struct symbols *s;
    struct grid *g;
    struct arena arena;
    struct layout l;
};

static void too_small(struct frame *f)
{
    struct str text = arena_printf(&f->arena,
                                   "This window is too small: %d columns and %d lines "
                                   "are needed.",
                                   WIDTH_MIN, HEIGHT_MIN);
    struct str line;

    for (int y = 0; y < f->m->height && text_line(&text, f->m->width, &line); y++)
        grid_put(f->g, 0, y, f->m->width, STYLE_TEXT, line);
}

/* ---- Bars ---------------------------------------------------------------------------------------- */

static void bar(struct frame *f, int y, int x, int end, struct str left, struct str right)
{
    int at = end - 1 - text_width(right);

    grid_fill(f->g, x, y, end, STYLE_BAR, STR(" "));
    if (at < x + 1 + GAP) /* no room for both: the right one matters more at the top */
        at = x + 1;
    grid_put_cut(f->g, at, y, end - 1, STYLE_BAR, right, f->s->ellipsis);
    if (at > x + 1 + GAP)
        grid_put_cut(f->g, x + 1, y, at - (right.n > 0 ? GAP : 0), STYLE_BAR, left, f->s->ellipsis);
}

static unsigned unread_elsewhere(const struct model *m)
{
    unsigned n = 0;

    for (size_t i = 0; i < m->count; i++)
        n += m->chats[i] != m->open ? m->chats[i]->unread : 0;
    return n;
}

static void top(struct frame *f)
{
    const struct model *m = f->m;
    unsigned unread = unread_elsewhere(m);
    struct str own = visible_line(&f->arena, m->own), title = STR_NONE, right = STR_NONE;
    struct str count = unread > 0 ? arena_printf(&f->arena, "%u new", unread) : STR_NONE;

    if (f->l.list.width > 0)
        bar(f, 0, 0, f->l.list.width, own, count);
    if (f->l.talk.width == 0)
        return;
    if (m->panel.kind != PANEL_NONE) {
        title = m->panel.title;
    } else if (m->open != NULL) {
        title = visible_line(&f->arena, chat_name(m->open));
        if (m->open->show != SHOW_OFFLINE)
            title = arena_printf(&f->arena, "%.*s, %.*s", STR_ARG(title),
                                 STR_ARG(show_words(m->open->show)));
        right = chat_trust_words(&f->arena, m, m->open);
    }
    bar(f, 0, f->l.talk.x > 0 ? f->l.talk.x - 1 : 0, m->width, title, right);
}

static struct str connection_words(struct frame *f)
{
    switch (f->m->connection) {
    case CONNECTION_ONLINE:
        if (f->m->keys.undecided > 0)
            return STR("Connected. A device of YOURS waits: /devices");
        if (f->m->requests == 0)
            return STR("Connected");
        return f->m->requests == 1
                   ? STR("Connected. Somebody wants to reach you: F6")
                   : arena_printf(&f->arena, "Connected. %u want to reach you: F6", f->m->requests);
    case CONNECTION_TRYING:
        return arena_printf(&f->arena, "Connecting%.*s", STR_ARG(f->s->ellipsis));
    case CONNECTION_LOST:
        return arena_printf(&f->arena, "No connection, trying again: %.*s",
                            STR_ARG(visible_line(&f->arena, buf_str(&f->m->why))));
    case CONNECTION_REFUSED: break;
    }
    return visible_line(&f->arena, buf_str(&f->m->why));
}

static struct str hints(const struct model *m)
{
    if (m->panel.kind != PANEL_NONE)
        return STR("Esc back");
    switch (m->focus) {
    case FOCUS_LIST: return STR("Enter open  type to find  F1 help");
    case FOCUS_SELECT: return STR("r answer  e correct  + react  d take back  Esc");
    case FOCUS_WRITE:
    case FOCUS_PANEL: break;
    }
    return STR("F1 help");
}

static void bottom(struct frame *f)
{
    const struct model *m = f->m;
    struct str words = connection_words(f), keys = hints(m);
    int y = m->height - 1, width = m->width;

    grid_fill(f->g, 0, y, width, STYLE_BAR, STR(" "));
    if (m->notice.n > 0) {
        grid_put_cut(f->g, 1, y, width - 1, m->notice_alarms ? STYLE_ALARM : STYLE_BAR,
                     visible_line(&f->arena, buf_str(&m->notice)), f->s->ellipsis);
        return;
    }
    bar(f, y, 0, width, words, keys);
}

static void calls(struct frame *f)
{
    const struct area *c = &f->l.calls;
    struct str keys = f->m->panel.kind == PANEL_CALLS ? STR_NONE : STR("F9");
    int right = c->width - 1 - text_width(keys);

    for (int i = 0; i < c->height; i++) {
        enum style style;
        struct str words = calls_line(&f->arena, f->m, (size_t)i, &style);

        if (style != STYLE_STRONG)
            grid_fill(f->g, 0, c->y + i, c->width, style, STR(" "));
        grid_put_cut(f->g, 1, c->y + i, right - 1, style, words, f->s->ellipsis);
        grid_put(f->g, right, c->y + i, c->width, style, keys);
    }
}

/* ---- Writing ------------------------------------------------------------------------------------- */

static struct str reply_words(struct frame *f)
{
    const struct message *m = timeline_find(f->m->open->timeline, buf_str(&f->m->replying));

    if (m == NULL)
        return STR("Answering");
    return arena_printf(&f->arena, "Answering: %.*s",
                        STR_ARG(visible_line(&f->arena, str_slice(m->text, 0, QUOTE_OCTETS))));
}

static struct str rule_words(struct frame *f, enum style *style)
{
    const struct chat *c = f->m->open;

    *style = STYLE_OWN;
    if (f->m->editing.n > 0)
        return STR("Correcting your message; Esc leaves it");
    if (f->m->replying.n > 0)
        return reply_words(f);
    *style = STYLE_ALARM;
    switch (chat_waits_for(f->m, c)) {
    case WAITS_FOR_THEIRS: return STR("A new device waits for your decision: F4");
    case WAITS_FOR_OURS: return STR("A new device of YOURS waits: F4");
    case WAITS_FOR_NOTHING: break;
    }
    *style = STYLE_GOOD;
    if (c->typing_until_ms != 0)
        return arena_printf(&f->arena, "%.*s types%.*s",
                            STR_ARG(visible_line(&f->arena, chat_name(c))),
                            STR_ARG(f->s->ellipsis));
    *style = STYLE_UNREAD;
    if (c->unread > 0 && c->bottom.n > 0)
        return arena_printf(&f->arena, "%u new below: Esc shows them", c->unread);
    *style = STYLE_FAINT;
    if (c->bottom.n > 0)
        return STR("Earlier messages; Esc goes back to the newest");
    if (c->timer_s > 0)
        return arena_printf(&f->arena, "Messages disappear after %.*s",
                            STR_ARG(lasting_words(&f->arena, c->timer_s)));
    return STR_NONE;
}

static void rule(struct frame *f)
{
    const struct area *r = &f->l.rule;
    enum style style;
    struct str words = rule_words(f, &style);
    int x = r->x, end = r->x + r->width;

    grid_fill(f->g, x, r->y, end, STYLE_FAINT, f->s->horizontal);
    if (words.n == 0)
        return;
    x = grid_put(f->g, x + 2, r->y, end, STYLE_FAINT, STR(" "));
    x = grid_put_cut(f->g, x, r->y, end - 3, style, words, f->s->ellipsis);
    grid_put(f->g, x, r->y, end, STYLE_FAINT, STR(" "));
}

static void write_lines(struct frame *f, int first)
{
    const struct area *w = &f->l.write;
    struct str all = composer_text(&f->m->composer);
    struct str rest = all.n > 0 ? all : STR(""), line;

    for (int row = 0; text_line(&rest, w->width - PROMPT, &line); row++)
        if (row >= first && row < first + w->height)
            grid_put(f->g, w->x + PROMPT, w->y + row - first, w->x + w->width, STYLE_TEXT,
                     visible_line(&f->arena, line));
}

static void write_area(struct frame *f)
{
    const struct area *w = &f->l.write;
    int row, column, rows, first;

    composer_place(&f->m->composer, w->width - PROMPT, &row, &column, &rows);
    first = row < w->height ? 0 : row - w->height + 1;
    grid_put(f->g, w->x, w->y, w->x + w->width, STYLE_OWN, f->s->prompt);
    write_lines(f, first);
    if (rows == 1 && f->m->composer.text.n == 0)
        grid_put_cut(f->g, w->x + PROMPT, w->y, w->x + w->width, STYLE_FAINT,
                     STR("Write a message; Enter sends it"), f->s->ellipsis);
    if (f->m->focus != FOCUS_WRITE)
        return;
    f->g->cursor_x = w->x + PROMPT + column;
    f->g->cursor_y = w->y + row - first;
}

/* ---- All ----------------------------------------------------------------------------------------- */

static void nothing_open(struct frame *f)
{
    const char *const lines[] = {
        "Sotto",
        "",
        f->m->count > 0 ? "Choose a chat with the arrow keys and Enter."
                        : "Nobody has written to you yet.",
        f->m->count > 0 ? "Ctrl-T begins a new one." : "Ctrl-T and an address begin a chat.",
        "F1 shows what the keys do, Ctrl-Q leaves.",
    };
    const struct area *t = &f->l.talk;
    int y = t->y + (t->height - (int)COUNT_OF(lines)) / 2;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct str line = str_from(lines[i]);

        grid_put(f->g, t->x + (t->width - text_width(line)) / 2, y + (int)i, t->x + t->width,
                 i == 0 ? STYLE_STRONG : STYLE_FAINT, line);
    }
}

static bool right_side(struct frame *f)
{
    if (f->m->panel.kind != PANEL_NONE) {
        view_panel(f->m, f->s, &f->l.talk, f->g);
        return false;
    }
    if (f->m->open == NULL) {
        nothing_open(f);
        return false;
    }
    rule(f);
    write_area(f);
    return view_talk(f->m, f->s, &f->l.talk, f->g);
}

bool view_draw(struct model *m, struct grid *g)
{
    const struct symbols *s = m->symbols;
    struct frame f = { .m = m, .s = s, .g = g, .l = layout_of(m) };
    bool at_end = false;

    if (f.l.too_small) {
        too_small(&f);
        arena_deinit(&f.arena);
        return false;
    }
    top(&f);
    if (f.l.list.width > 0)
        view_list(m, s, &f.l.list, f.l.list_lines, g);
    calls(&f);
    for (int y = f.l.list.y; y < m->height - 1 && f.l.list.width > 0 && f.l.talk.width > 0; y++)
        grid_put(g, f.l.talk.x - 1, y, f.l.talk.x, STYLE_FAINT, s->vertical);
    if (f.l.talk.width > 0)
        at_end = right_side(&f);
    bottom(&f);
    arena_deinit(&f.arena);
    return at_end;
}
