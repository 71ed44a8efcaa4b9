/* view_panel.c: a page over the conversation. */
#include "cli/chat/view.h"
#include "cli/visible.h"

struct page {
    struct model *m;
    const struct symbols *s;
    const struct area *where;
    struct grid *g;
    int y, end; /* next line; lower edge */
};

static void input(struct page *p)
{
    const struct composer *c = &p->m->panel.input;
    int x = grid_put(p->g, p->where->x + 1, p->y, p->g->width, STYLE_OWN, p->s->prompt);
    int room = p->where->x + p->where->width - 1 - x;
    struct arena a = { 0 };
    struct str all = visible_line(&a, composer_text(c)), left;

    left = str_slice(composer_text(c), 0, c->cursor);
    while (text_width(left) >= room) { /* its end counts */
        struct str one;

        text_next(&left, &one);
        text_next(&all, &one);
    }
    grid_put(p->g, x, p->y, x + room, STYLE_TEXT, all);
    p->g->cursor_x = x + text_width(left);
    p->g->cursor_y = p->y;
    p->y += 2;
    arena_deinit(&a);
}

/* Sentences are wrapped, what can be chosen is cut, codes are as they are. */
static int lines_of(const struct page *p, const struct panel_row *row)
{
    struct str rest = row->text.n > 0 ? row->text : STR(""), line;
    int n = 0;

    if (row->value.p != NULL || row->style == STYLE_CODE)
        return 1;
    while (text_line(&rest, p->where->width - 3, &line))
        n++;
    return n;
}

static void draw(struct page *p, const struct panel_row *row, bool chosen)
{
    int x = p->where->x + 1, right = p->where->x + p->where->width;
    struct str rest = row->text.n > 0 ? row->text : STR(""), line;

    if (row->style == STYLE_CODE) {
        grid_put(p->g, x + 1, p->y++, right, STYLE_CODE, row->text);
        return;
    }
    if (row->value.p != NULL) {
        if (chosen) {
            grid_fill(p->g, x, p->y, right - 1, STYLE_CHOSEN, STR(" "));
            grid_put(p->g, x - 1, p->y, right, STYLE_OWN, p->s->pointer);
        }
        grid_put_cut(p->g, x + 1, p->y++, right - 1, chosen ? STYLE_CHOSEN : row->style, row->text,
                     p->s->ellipsis);
        return;
    }
    while (text_line(&rest, p->where->width - 3, &line) && p->y < p->end)
        grid_put(p->g, x + 1, p->y++, right, row->style, line);
}

/* So that what is chosen can be seen, and a page without choices does not scroll beyond its end. */
static void place(struct page *p)
{
    struct panel *panel = &p->m->panel;
    const struct panel_row *chosen = panel_chosen(panel);
    int room = p->end - p->y, rows = 0;
    size_t last = panel->count, least;

    if (chosen != NULL)
        last = (size_t)(chosen - panel->rows) + 1;
    for (least = last; least > 0 && rows + lines_of(p, &panel->rows[least - 1]) <= room; least--)
        rows += lines_of(p, &panel->rows[least - 1]);
    if (chosen == NULL)
        panel->top = panel->top < least ? panel->top : least;
    else if (panel->top < least)
        panel->top = least;
    else if (panel->top >= last)
        panel->top = last - 1;
    if (chosen != NULL && least == 0)
        panel->top = 0;
}

void view_panel(struct model *m, const struct symbols *s, const struct area *where, struct grid *g)
{
    struct page p = { m, s, where, g, where->y, where->y + where->height - 1 };
    const struct panel_row *chosen;
    int right = where->x + where->width;

    if (m->panel.has_input)
        input(&p);
    place(&p);
    chosen = panel_chosen(&m->panel);
    for (size_t i = m->panel.top; i < m->panel.count && p.y < p.end; i++)
        draw(&p, &m->panel.rows[i], &m->panel.rows[i] == chosen);
    grid_put_cut(g, where->x + 2, p.end, right - 1, STYLE_FAINT, m->panel.foot, s->ellipsis);
}
