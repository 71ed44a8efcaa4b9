/* view_talk.c: the conversation, line by line. */
#include "cli/chat/talk.h"
#include "cli/chat/view.h"
#include "cli/chat/when.h"
#include "cli/visible.h"

struct canvas {
    const struct model *m;
    const struct symbols *s;
    const struct area *where;
    struct grid *g;
    int end;
};

/* ──────── text ──────── */
static void rule(const struct canvas *c, int y, enum style style, struct str text)
{
    int width = text_width(text), left = (c->where->width - width - 2) / 2, x;

    x = c->where->x + (left > 1 ? left : 1);
    grid_fill(c->g, c->where->x + 1, y, x, style, c->s->horizontal);
    x = grid_put(c->g, x + 1, y, c->end - 1, style, text) + 1;
    grid_fill(c->g, x, y, c->end - 1, style, c->s->horizontal);
}

static void state(const struct canvas *c, int y, const struct talk_row *row)
{
    const struct message *m = row->message;
    struct arena a = { 0 };
    struct str clock = when_clock(&a, m->entry.time_ms), sign = STR_NONE;
    int x = c->end - 1 - text_width(clock);

    grid_put(c->g, x, y, c->end, STYLE_FAINT, clock);
    if (m->entry.outgoing && !m->retracted)
        sign = c->s->delivery[m->delivery];
    grid_put(c->g, x - 1 - text_width(sign), y, x,
             m->delivery == DELIVERY_FAILED ? STYLE_ALARM
             : m->delivery == DELIVERY_READ ? STYLE_GOOD
                                            : STYLE_FAINT,
             sign);
    arena_deinit(&a);
}

static void author(const struct canvas *c, int y, const struct talk_row *row)
{
    bool alarms = str_is(row->more, "NOT ENCRYPTED");
    int width = text_width(row->more), x = c->end - 1 - width;
    int end = width > 0 ? x - 1 : c->end - 1;

    grid_put_cut(c->g, c->where->x + 1, y, end, row->style, row->text, c->s->ellipsis);
    grid_put(c->g, x, y, c->end, alarms ? STYLE_ALARM : STYLE_FAINT, row->more);
}

static void draw(const struct canvas *c, int y, const struct talk_row *row)
{
    int x = c->where->x + TALK_INDENT;

    switch (row->kind) {
    case TALK_DAY:
    case TALK_UNREAD: rule(c, y, row->style, row->text); return;
    case TALK_AUTHOR: author(c, y, row); return;
    case TALK_QUOTE:
        x = grid_put(c->g, x, y, c->end, STYLE_QUOTE, c->s->quote);
        grid_put_cut(c->g, x, y, c->end - TALK_STATE, row->style, row->text, c->s->ellipsis);
        return;
    case TALK_TEXT:
    case TALK_NOTE: break;
    }
    grid_put(c->g, x, y, c->end, row->style, row->text);
    if (row->is_last)
        state(c, y, row);
}

/* A mark at the left of the message that is chosen. */
static void point(const struct canvas *c, int y, const struct talk_row *row)
{
    if (row->kind == TALK_TEXT || row->kind == TALK_QUOTE)
        grid_put(c->g, c->where->x, y, c->end, STYLE_OWN, c->s->pointer);
}

static void welcome(const struct canvas *c)
{
    struct arena a = { 0 };
    struct str name = visible_line(&a, chat_name(c->m->open)), row;
    struct str text = arena_printf(
        &a,
        "Nothing was said here yet. What you write is encrypted on this device; only devices "
        "of %.*s and your own can read it.",
        STR_ARG(name));
    int y = c->where->y + 1;

    for (; text_line(&text, c->where->width - 4, &row) && y < c->where->y + c->where->height; y++)
        grid_put(c->g, c->where->x + 2, y, c->end, STYLE_FAINT, row);
    arena_deinit(&a);
}

bool view_talk(const struct model *m, const struct symbols *s, const struct area *where,
               struct grid *g)
{
    struct canvas c = { m, s, where, g, where->x + where->width };
    size_t chosen = model_selected(m), height = (size_t)where->height, skip;
    struct talk t = { 0 };

    talk_layout(&t, m, where->width, where->height);
    skip = t.count > height ? t.count - height : 0;
    for (size_t i = skip; i < t.count; i++) {
        int y = where->y + (int)(height - (t.count - i));

        draw(&c, y, &t.rows[i]);
        if (m->focus == FOCUS_SELECT && t.rows[i].index == chosen)
            point(&c, y, &t.rows[i]);
    }
    if (t.count == 0 && !m->open->loading)
        welcome(&c);
    talk_deinit(&t);
    return m->open->bottom.n == 0;
}
