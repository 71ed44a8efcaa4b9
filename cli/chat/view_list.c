/* view_list.c: the list of chats. */
#include "cli/chat/view.h"
#include "cli/chat/when.h"
#include "cli/visible.h"

enum { PREVIEW_OCTETS = 512 };

struct item {
    const struct model *m;
    const struct symbols *s;
    const struct chat *chat;
    const struct area *where;
    struct grid *g;
    struct arena arena;
    int y;
    enum style style; /* STYLE_CHOSEN, or STYLE_TEXT: parts have their own then */
};

static enum style part(const struct item *i, enum style style)
{
    return i->style == STYLE_CHOSEN ? STYLE_CHOSEN : style;
}

static bool shows_draft(const struct item *i)
{
    return i->chat->draft.n > 0 && i->chat != i->m->open;
}

static struct str preview(struct item *i, enum style *style)
{
    const struct message *m = chat_newest(i->chat);
    struct str text;

    *style = STYLE_FAINT;
    if (i->chat->typing_until_ms != 0) {
        *style = STYLE_GOOD;
        return arena_printf(&i->arena, "types%.*s", STR_ARG(i->s->ellipsis));
    }
    if (shows_draft(i))
        return arena_concat(
            &i->arena, STR("Draft: "),
            visible_line(&i->arena, str_slice(buf_str(&i->chat->draft), 0, PREVIEW_OCTETS)));
    if (m == NULL)
        return STR_NONE;
    if (m->retracted)
        return STR("message taken back");
    if (m->entry.kind == ENTRY_SEALED)
        return STR("cannot be read here");
    text = visible_line(&i->arena, str_slice(message_words(&i->arena, m), 0, PREVIEW_OCTETS));
    if (m->entry.kind == ENTRY_CALL)
        return text;
    return m->entry.outgoing ? arena_concat(&i->arena, STR("You: "), text) : text;
}

/* What stands at the right: how many are new, or how far ours has come. */
static struct str state(struct item *i, enum style *style)
{
    const struct message *m = chat_newest(i->chat);

    *style = STYLE_UNREAD;
    if (i->chat->unread > 0)
        return arena_printf(&i->arena, "(%u)", i->chat->unread);
    *style = STYLE_FAINT;
    if (m == NULL || !m->entry.outgoing || m->retracted || shows_draft(i))
        return STR_NONE;
    if (m->delivery == DELIVERY_FAILED)
        *style = STYLE_ALARM;
    return i->s->delivery[m->delivery];
}

static void line(struct item *i, int y, enum style left_style, struct str left,
                 enum style right_style, struct str right)
{
    int x = i->where->x + 2, end = i->where->x + i->where->width;
    int at = end - 1 - text_width(right);

    grid_put(i->g, at, y, end, part(i, right_style), right);
    grid_put_cut(i->g, x, y, right.n > 0 ? at - 1 : end - 1, part(i, left_style), left,
                 i->s->ellipsis);
}

static void draw(struct item *i, int lines)
{
    const struct chat *c = i->chat;
    struct str name = visible_line(&i->arena, chat_name(c)), left, right;
    enum style left_style, right_style, name_style = c->unread > 0 ? STYLE_STRONG : STYLE_TEXT;

    for (int y = i->y; y < i->y + lines; y++)
        grid_fill(i->g, i->where->x, y, i->where->x + i->where->width, i->style, STR(" "));
    for (int y = i->y; y < i->y + lines && (c == i->m->open || i->style == STYLE_CHOSEN); y++)
        grid_put(i->g, i->where->x, y, i->where->x + 1, STYLE_OWN, i->s->pointer);
    right = state(i, &right_style);
    if (lines == 1) {
        line(i, i->y, name_style, name, right_style, right);
        return;
    }
    left = preview(i, &left_style);
    line(i, i->y, name_style, name, STYLE_FAINT,
         c->last_ms > 0 ? when_short(&i->arena, c->last_ms, i->m->now_ms) : STR_NONE);
    line(i, i->y + 1, left_style, left, right_style, right);
}

static void empty(const struct model *m, const struct area *where, struct grid *g)
{
    struct str text = m->ready ? STR("No chats yet. Ctrl-T begins one: type an address there.")
                               : STR("Reading what is here.");
    struct str row;

    for (int y = where->y + 1; text_line(&text, where->width - 4, &row); y++)
        grid_put(g, where->x + 2, y, where->x + where->width, STYLE_FAINT, row);
}

void view_list(const struct model *m, const struct symbols *s, const struct area *where, int lines,
               struct grid *g)
{
    size_t fit = (size_t)(where->height / lines), at = 0, first;

    if (m->count == 0)
        empty(m, where, g);
    while (at < m->count && m->chats[at] != m->pointed)
        at++;
    first = at < fit ? 0 : at - fit + 1;
    for (size_t n = 0; n < fit && first + n < m->count; n++) {
        struct item i = { .m = m,
                          .s = s,
                          .chat = m->chats[first + n],
                          .where = where,
                          .g = g,
                          .y = where->y + (int)n * lines };

        i.style = m->focus == FOCUS_LIST && i.chat == m->pointed ? STYLE_CHOSEN : STYLE_TEXT;
        draw(&i, lines);
        arena_deinit(&i.arena);
    }
}
