/* panel.c: see panel.h. */
#include "cli/chat/panel.h"

void panel_init(struct panel *p)
{
    *p = (struct panel){ 0 };
    composer_init(&p->input);
    buf_init(&p->id, COMPOSER_MAX);
}

void panel_deinit(struct panel *p)
{
    composer_deinit(&p->input);
    buf_deinit(&p->id);
    arena_deinit(&p->arena);
    mem_free(p->rows);
}

void panel_begin(struct panel *p, enum panel_kind kind, struct str chat, struct str title,
                 struct str foot)
{
    struct arena fresh = { 0 };
    bool same = p->kind == kind;

    chat = arena_str(&fresh, chat); /* it may be the text that goes away now */
    title = arena_str(&fresh, title);
    foot = arena_str(&fresh, foot);
    arena_deinit(&p->arena);
    p->arena = fresh;
    p->kind = kind;
    p->version++;
    p->chat = chat;
    p->title = title;
    p->foot = foot;
    p->count = 0;
    if (!same) {
        p->cursor = p->top = 0;
        composer_set(&p->input, STR_NONE);
        buf_reset(&p->id);
    }
    p->has_input = false;
}

void panel_end(struct panel *p)
{
    panel_begin(p, PANEL_NONE, STR_NONE, STR_NONE, STR_NONE);
}

static void add(struct panel *p, struct panel_row row)
{
    if (p->count == p->room) {
        p->room = p->room > 0 ? 2 * p->room : 32;
        p->rows = mem_resize(p->rows, p->room * sizeof *p->rows);
    }
    p->rows[p->count++] = row;
}

void panel_add(struct panel *p, enum style style, struct str text)
{
    add(p, (struct panel_row){ .text = arena_str(&p->arena, text), .style = style });
}

void panel_add_choice(struct panel *p, enum style style, struct str text, struct str value)
{
    add(p, (struct panel_row){ arena_str(&p->arena, text), arena_str(&p->arena, value), style });
    if (p->rows[p->count - 1].value.p == NULL)
        p->rows[p->count - 1].value = STR("");
}

static bool is_choice(const struct panel *p, size_t i)
{
    return i < p->count && p->rows[i].value.p != NULL;
}

static void scroll(struct panel *p, int by)
{
    if (by < 0)
        p->top -= p->top < (size_t)-by ? p->top : (size_t)-by;
    else if (p->count > 0)
        p->top = p->top + (size_t)by < p->count ? p->top + (size_t)by : p->count - 1;
}

void panel_move(struct panel *p, int by)
{
    const struct panel_row *chosen = panel_chosen(p);
    int step = by < 0 ? -1 : 1;
    size_t at;

    if (chosen == NULL) {
        scroll(p, by);
        return;
    }
    at = (size_t)(chosen - p->rows);
    for (int left = by * step; left > 0 && (step > 0 ? at + 1 < p->count : at > 0);) {
        at = step > 0 ? at + 1 : at - 1;
        if (is_choice(p, at))
            p->cursor = at, left--;
    }
}

/* Where the cursor stands, or the first choice after it, or the last one. */
const struct panel_row *panel_chosen(const struct panel *p)
{
    for (size_t i = p->cursor; i < p->count; i++)
        if (is_choice(p, i))
            return &p->rows[i];
    for (size_t i = p->count; i-- > 0;)
        if (is_choice(p, i))
            return &p->rows[i];
    return NULL;
}

bool panel_choose(struct panel *p, size_t number)
{
    for (size_t i = 0; i < p->count; i++)
        if (is_choice(p, i) && --number == 0) {
            p->cursor = i;
            return true;
        }
    return false;
}
