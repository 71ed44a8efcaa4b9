/* move.c: see move.h. */
#include "cli/chat/move.h"

#include "cli/chat/layout.h"
#include "cli/chat/talk.h"
#include "cli/chat/visit.h"

static void scroll(struct model *m, int by)
{
    struct area talk = layout_of(m).talk;

    if (m->open != NULL && m->panel.kind == PANEL_NONE && talk.width > 0
        && talk_scroll(m, talk.width, talk.height, by))
        visit_older(m, m->open);
}

void move_page(struct model *m, int direction)
{
    int height = layout_of(m).talk.height;
    int by = direction * (height > 3 ? height - 2 : 1);

    if (m->panel.kind != PANEL_NONE)
        panel_move(&m->panel, -by);
    else
        scroll(m, by);
}

size_t model_selected(const struct model *m)
{
    const struct timeline *t = m->open != NULL ? m->open->timeline : NULL;
    size_t i = t != NULL ? timeline_count(t) : 0;

    while (i > 0)
        if (str_eq(timeline_at(t, --i)->entry.id, buf_str(&m->selected)))
            return i;
    return t != NULL ? timeline_count(t) : 0;
}

static void select_message(struct model *m, size_t index)
{
    struct area talk = layout_of(m).talk;

    if (m->open == NULL || index >= timeline_count(m->open->timeline))
        return;
    m->focus = FOCUS_SELECT;
    buf_reset(&m->selected);
    buf_add(&m->selected, timeline_at(m->open->timeline, index)->entry.id);
    talk_reveal(m, talk.width, talk.height, index);
    if (index < (size_t)talk.height)
        visit_older(m, m->open);
}

/* The next one before or behind that can be chosen; the count: none. */
static size_t beside(const struct model *m, size_t at, int by)
{
    const struct timeline *t = m->open->timeline;
    size_t count = timeline_count(t);

    do
        at = by < 0 ? (at > 0 ? at - 1 : count) : at + 1;
    while (at < count && !message_is_said(timeline_at(t, at)));
    return at < count ? at : count;
}

static void move_selected(struct model *m, int by)
{
    size_t to = beside(m, model_selected(m), by);

    if (to < timeline_count(m->open->timeline))
        select_message(m, to);
    else if (by > 0)
        m->focus = FOCUS_WRITE;
}

static void move_composer(struct model *m, int by)
{
    int width = layout_of(m).write.width - PROMPT;

    if (composer_move_row(&m->composer, width, by) || by > 0)
        return;
    if (m->open != NULL)
        select_message(m, beside(m, timeline_count(m->open->timeline), -1));
}

void move_by(struct model *m, int by)
{
    switch (m->focus) {
    case FOCUS_LIST: m->pointed = visit_neighbour(m, m->pointed, by); break;
    case FOCUS_WRITE: move_composer(m, by); break;
    case FOCUS_SELECT: move_selected(m, by); break;
    case FOCUS_PANEL: panel_move(&m->panel, by); break;
    }
}

void move_far(struct model *m, bool last)
{
    if (m->focus == FOCUS_LIST && m->count > 0)
        m->pointed = m->chats[last ? m->count - 1 : 0];
    else if (m->focus == FOCUS_SELECT && last)
        select_message(m, beside(m, timeline_count(m->open->timeline), -1));
    else if (m->focus == FOCUS_SELECT)
        select_message(m, beside(m, (size_t)-1, 1));
}
void model_seek(struct model *m)
{
    struct chat *c = m->open;
    struct arena a = { 0 };
    struct str id = arena_str(&a, buf_str(&c->seeking));
    size_t at;

    buf_reset(&m->selected);
    buf_add(&m->selected, id);
    at = model_selected(m);
    if (at < timeline_count(c->timeline)) {
        buf_reset(&c->seeking);
        select_message(m, at);
    } else if (c->complete) {
        buf_reset(&c->seeking);
        model_notice(m, true, STR("This message is not here any more"));
    } else {
        visit_older(m, c);
    }
    arena_deinit(&a);
}

void model_go_to(struct model *m, struct str jid, struct str id)
{
    visit_chat(m, model_chat(m, jid));
    buf_reset(&m->open->seeking);
    buf_add(&m->open->seeking, id);
    model_seek(m);
}
