/* talk.c: see talk.h. */
#include "cli/chat/talk.h"

#include "cli/chat/layout.h"
#include "cli/chat/when.h"
#include "cli/late.h"
#include "cli/visible.h"
#include "client/call.h"

enum { GROUP_MS = 15 * 60 * 1000, ROOMY = 30, LINES_MAX = 400 };

void talk_deinit(struct talk *t)
{
    arena_deinit(&t->arena);
    mem_free(t->rows);
    *t = (struct talk){ 0 };
}

/* ---- Lines of one message ------------------------------------------------------------------------ */

static void add(struct talk *t, struct talk_row row)
{
    if (t->count == t->room) {
        t->room = t->room > 0 ? 2 * t->room : 64;
        t->rows = mem_resize(t->rows, t->room * sizeof *t->rows);
    }
    t->rows[t->count++] = row;
}

struct about {
    struct talk *t;
    const struct model *m;
    const struct chat *chat;
    const struct message *message, *before; /* before: NULL at the beginning */
    size_t index;
    int width;
};

static struct talk_row row_of(const struct about *a, enum talk_kind kind, enum style style)
{
    return (
        struct talk_row){ .message = a->message, .index = a->index, .kind = kind, .style = style };
}

static struct str author_of(const struct about *a, const struct message *m)
{
    if (m->entry.outgoing)
        return STR("You");
    return visible_line(&a->t->arena, chat_name(a->chat));
}

static bool begins_day(const struct about *a)
{
    return a->before == NULL || !when_same_day(a->before->entry.time_ms, a->message->entry.time_ms);
}

static bool begins_new(const struct about *a)
{
    return a->chat->divider.n > 0 && str_eq(buf_str(&a->chat->divider), a->message->entry.id);
}

static bool begins_group(const struct about *a)
{
    const struct entry *e = &a->message->entry, *b;

    if (a->before == NULL || begins_day(a) || begins_new(a))
        return true;
    b = &a->before->entry;
    return b->kind == ENTRY_DEVICE || b->outgoing != e->outgoing || !str_eq(b->author, e->author)
           || e->time_ms - b->time_ms > GROUP_MS
           || !str_eq(message_trust_words(a->before), message_trust_words(a->message));
}

/* From here on messages disappear, or stay. */
static void add_timer(const struct about *a)
{
    struct talk_row row = row_of(a, TALK_DAY, STYLE_FAINT);

    row.text = timer_words(&a->t->arena, &a->message->entry);
    add(a->t, row);
}

static void add_day(const struct about *a)
{
    struct talk_row row = row_of(a, TALK_DAY, STYLE_FAINT);

    if (!begins_day(a))
        return;
    row.text = when_day(&a->t->arena, a->message->entry.time_ms, a->m->now_ms);
    add(a->t, row);
}

static void add_heads(const struct about *a)
{
    struct talk_row row;

    add_day(a);
    if (begins_new(a)) {
        row = row_of(a, TALK_UNREAD, STYLE_UNREAD);
        row.text = STR("new");
        add(a->t, row);
    }
    if (!begins_group(a))
        return;
    if (!begins_day(a) && !begins_new(a) && a->m->height >= ROOMY)
        add(a->t, row_of(a, TALK_NOTE, STYLE_TEXT));
    row = row_of(a, TALK_AUTHOR, a->message->entry.outgoing ? STYLE_OWN : STYLE_STRONG);
    row.text = author_of(a, a->message);
    row.more = message_trust_words(a->message);
    add(a->t, row);
}

/* Wrapped; the text's own line breaks stay. */
static void add_text(const struct about *a, enum talk_kind kind, enum style style, struct str text)
{
    struct talk_row row = row_of(a, kind, style);
    int width = a->width - TALK_INDENT - TALK_STATE, lines = 0;

    if (text.p == NULL)
        text = STR("");
    while (text.p != NULL) {
        struct str rest = visible_line(&a->t->arena, str_split(&text, '\n'));

        if (rest.n == 0)
            rest = STR("");
        while (lines++ < LINES_MAX && text_line(&rest, width, &row.text))
            add(a->t, row);
    }
    a->t->rows[a->t->count - 1].is_last = kind == TALK_TEXT;
}

static void add_quote(const struct about *a)
{
    const struct message *of = a->message->reply_to;
    struct talk_row row = row_of(a, TALK_QUOTE, STYLE_QUOTE);
    struct arena *arena = &a->t->arena;

    if (of == NULL && a->message->entry.target.n == 0)
        return;
    if (of == NULL)
        row.text = STR("an earlier message");
    else if (of->retracted)
        row.text = STR("a message that was taken back");
    else
        row.text =
            arena_printf(arena, "%.*s: %.*s", STR_ARG(author_of(a, of)),
                         STR_ARG(visible_line(arena, str_slice(of->text, 0, NAME_MAX_OCTETS))));
    add(a->t, row);
}

static void add_reactions(const struct about *a)
{
    for (size_t i = 0; i < a->message->reaction_count; i++) {
        const struct reaction *r = &a->message->reactions[i];
        struct talk_row row = row_of(a, TALK_NOTE, STYLE_FAINT);
        struct arena *arena = &a->t->arena;
        bool own = str_eq(r->author, a->m->own);

        if (r->emojis.n == 0)
            continue;
        row.text =
            arena_printf(arena, "%.*s %.*s", STR_ARG(visible_line(arena, r->emojis)),
                         STR_ARG(own ? STR("you") : visible_line(arena, chat_name(a->chat))));
        add(a->t, row);
    }
}

static struct str shown_text(const struct about *a, enum style *style)
{
    const struct message *m = a->message;
    struct arena *arena = &a->t->arena;

    *style = STYLE_FAINT;
    if (m->only_here)
        return STR("(message taken back on this device alone: the others have it)");
    if (m->retracted)
        return STR("(message taken back)");
    if (m->entry.kind == ENTRY_CALL)
        return call_record_words(arena, &m->entry);
    if (m->entry.kind == ENTRY_SEALED)
        return arena_printf(arena, "(cannot be read on this device: %.*s)", STR_ARG(m->entry.text));
    *style = STYLE_TEXT;
    if (m->entry.attachment.n > 0)
        return message_words(arena, m);
    return arena_concat(arena, m->edited ? arena_concat(arena, m->text, STR(" (edited)")) : m->text,
                        late_words(arena, &m->entry));
}

static void add_message(struct talk *t, const struct model *m, size_t index, int width)
{
    const struct timeline *line = m->open->timeline;
    struct about a = { .t = t,
                       .m = m,
                       .chat = m->open,
                       .index = index,
                       .width = width,
                       .message = timeline_at(line, index),
                       .before = index > 0 ? timeline_at(line, index - 1) : NULL };
    enum style style;
    struct str text = shown_text(&a, &style);

    if (a.message->entry.kind == ENTRY_TIMER) {
        add_timer(&a);
        return;
    }
    if (a.message->entry.kind == ENTRY_DEVICE) {
        add_day(&a);
        add_text(&a, TALK_NOTE, STYLE_UNREAD, device_words(&t->arena, m, &a.message->entry));
        return;
    }
    add_heads(&a);
    if (!a.message->retracted)
        add_quote(&a);
    add_text(&a, TALK_TEXT, style, text);
    if (a.message->retracted)
        return;
    add_reactions(&a);
    if (a.message->delivery == DELIVERY_FAILED)
        add_text(&a, TALK_NOTE, STYLE_ALARM,
                 arena_printf(&t->arena, "not sent: %.*s", STR_ARG(a.message->why)));
}

static size_t rows_of(const struct model *m, size_t index, int width)
{
    struct talk t = { 0 };
    size_t n;

    add_message(&t, m, index, width);
    n = t.count;
    talk_deinit(&t);
    return n;
}

/* ---- Place --------------------------------------------------------------------------------------- */

struct place {
    size_t index, skip; /* the message at the lower edge, and its rows below it */
};

static size_t index_of(const struct chat *c, struct str id)
{
    size_t i = timeline_count(c->timeline);

    while (i > 0)
        if (str_eq(timeline_at(c->timeline, --i)->entry.id, id))
            return i;
    return timeline_count(c->timeline);
}

static struct place place_of(const struct model *m, int width)
{
    size_t count = timeline_count(m->open->timeline), rows;
    struct place p = { count - 1, 0 };

    if (m->open->bottom.n == 0 || index_of(m->open, buf_str(&m->open->bottom)) == count)
        return p;
    p.index = index_of(m->open, buf_str(&m->open->bottom));
    rows = rows_of(m, p.index, width);
    p.skip = m->open->bottom_skip < rows ? m->open->bottom_skip : rows - 1;
    return p;
}

static void keep_place(struct model *m, struct place p)
{
    struct chat *c = m->open;

    buf_reset(&c->bottom);
    c->bottom_skip = p.skip;
    if (p.index + 1 < timeline_count(c->timeline) || p.skip > 0)
        buf_add(&c->bottom, timeline_at(c->timeline, p.index)->entry.id);
}

/* The first message of which something is shown, and the rows that the screen has to spare above it. */
static size_t first_shown(const struct model *m, struct place p, int width, int height,
                          size_t *out_spare)
{
    size_t room = (size_t)height + p.skip, rows = 0, i = p.index + 1;

    while (i > 0 && rows < room)
        rows += rows_of(m, --i, width);
    *out_spare = rows < room ? room - rows : 0;
    return i;
}

void talk_layout(struct talk *t, const struct model *m, int width, int height)
{
    struct place p;
    size_t spare;

    t->count = 0;
    if (m->open == NULL || timeline_count(m->open->timeline) == 0)
        return;
    p = place_of(m, width);
    for (size_t i = first_shown(m, p, width, height, &spare); i <= p.index; i++)
        add_message(t, m, i, width);
    t->count -= p.skip;
}

static struct place scrolled(const struct model *m, struct place p, int width, int by)
{
    size_t count = timeline_count(m->open->timeline);

    for (; by > 0; by--) {
        if (p.skip + 1 < rows_of(m, p.index, width))
            p.skip++;
        else if (p.index > 0)
            p = (struct place){ p.index - 1, 0 };
        else
            break;
    }
    for (; by < 0; by++) {
        if (p.skip > 0)
            p.skip--;
        else if (p.index + 1 < count)
            p = (struct place){ p.index + 1, rows_of(m, p.index + 1, width) - 1 };
        else
            break;
    }
    return p;
}

bool talk_scroll(struct model *m, int width, int height, int by)
{
    struct place p;
    size_t spare, first;

    if (m->open == NULL || timeline_count(m->open->timeline) == 0)
        return true;
    p = scrolled(m, place_of(m, width), width, by);
    first = first_shown(m, p, width, height, &spare);
    if (spare > 0 && by > 0) /* not beyond the beginning */
        p = scrolled(m, p, width, -(int)spare);
    keep_place(m, p);
    return first < (size_t)height;
}

void talk_reveal(struct model *m, int width, int height, size_t index)
{
    struct place p = place_of(m, width);
    size_t rows = 0;

    if (index > p.index || (index == p.index && p.skip > 0)) {
        p = (struct place){ index, 0 };
    } else {
        for (size_t i = index; i <= p.index && rows <= p.skip + (size_t)height; i++)
            rows += rows_of(m, i, width);
        if (rows > p.skip + (size_t)height)
            for (p = (struct place){ index, 0 }, rows = rows_of(m, index, width);
                 p.index + 1 < timeline_count(m->open->timeline)
                 && rows + rows_of(m, p.index + 1, width) <= (size_t)height;
                 p.index++)
                rows += rows_of(m, p.index + 1, width);
    }
    keep_place(m, p);
}
