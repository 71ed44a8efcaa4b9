/* writing.c: see writing.h. */
#include "cli/chat/writing.h"

#include "cli/chat/go_page.h"
#include "cli/chat/page_deeds.h"
#include "cli/chat/words.h"

/* An old text that was being corrected is no draft. */
void writing_stop(struct model *m)
{
    if (m->editing.n > 0)
        composer_set(&m->composer, STR_NONE);
    buf_reset(&m->editing);
    buf_reset(&m->replying);
}

/* In the list a text looks for a chat, or is a command; nobody gets it. */
static struct composer *written(struct model *m)
{
    if (m->focus == FOCUS_LIST) {
        page_begin(m);
        go_page(m);
    }
    if (m->focus == FOCUS_PANEL)
        return m->panel.has_input ? &m->panel.input : NULL;
    return m->focus == FOCUS_WRITE ? &m->composer : NULL;
}

void model_send(struct model *m, struct str text)
{
    enum wish_kind kind = m->editing.n > 0    ? WISH_CORRECT
                          : m->replying.n > 0 ? WISH_REPLY
                                              : WISH_SEND;

    if (m->open == NULL || str_trim(text).n == 0)
        return;
    wishes_add(&m->wishes, kind, m->open->jid,
               buf_str(kind == WISH_CORRECT ? &m->editing : &m->replying), text);
    buf_reset(&m->editing);
    buf_reset(&m->replying);
    buf_reset(&m->open->divider);
    buf_reset(&m->open->bottom);
}

/* The text is out of the way first: a command may go to another chat, and is no draft of this one. One that was refused comes back:
 * whoever typed on for another chat sends nothing to this one. */
void writing_send(struct model *m)
{
    struct arena a = { 0 };
    struct str text = arena_str(&a, composer_text(&m->composer));
    const struct chat *open = m->open;

    if (m->open != NULL && str_trim(text).n > 0) {
        m->typing = false;
        composer_set(&m->composer, STR_NONE);
        if (m->editing.n == 0)
            model_keep_draft(m);
        switch (words_run(m, text)) {
        case WORDS_NONE:
            model_send(m, str_starts(text, STR("//")) ? str_skip(text, 1) : text);
            break;
        case WORDS_REFUSED:
            if (m->open == open && m->composer.text.n == 0)
                composer_set(&m->composer, text);
            break;
        case WORDS_DONE: break;
        }
    }
    secure_zero((void *)text.p, text.n);
    arena_deinit(&a);
}

void writing_quote(struct model *m)
{
    size_t at = model_selected(m);
    struct str text = STR_NONE;
    struct arena a = { 0 };

    if (at >= timeline_count(m->open->timeline))
        return;
    text = message_words(&a, timeline_at(m->open->timeline, at));
    while (text.p != NULL)
        (void)composer_paste(&m->composer,
                             arena_printf(&a, "> %.*s\n", STR_ARG(str_split(&text, '\n'))));
    m->focus = FOCUS_WRITE;
    arena_deinit(&a);
}

/* The other side is told that somebody writes to it, not that a command is typed. */
static void tell_typing(struct model *m)
{
    struct str text = composer_text(&m->composer);
    bool on = m->open != NULL && text.n > 0 && text.p[0] != '/';

    if (m->open != NULL && (on || m->typing))
        wishes_add(&m->wishes, WISH_TYPING, m->open->jid, STR_NONE, STR_NONE)->on = on;
    m->typing = on;
}

static void typed(struct model *m, struct composer *c, bool fits)
{
    if (!fits)
        model_notice(m, true, STR("That is too long for one message"));
    if (c == &m->panel.input)
        go_typed(m);
    else
        tell_typing(m);
}

/* Where a letter is a key that means nothing. */
static void say_where(struct model *m)
{
    model_notice(m, false,
                 m->focus == FOCUS_SELECT
                     ? STR("A message is chosen, and nothing is written; Esc goes to the text")
                     : STR("Nothing is written on this page; Esc leaves it"));
}

void model_type(struct model *m, struct str text)
{
    struct composer *c = written(m);

    if (c != NULL)
        typed(m, c, composer_type(c, text));
    else
        say_where(m);
}

void model_paste(struct model *m, struct str text)
{
    struct composer *c = written(m);

    if (m->focus == FOCUS_SELECT)
        m->focus = FOCUS_WRITE, c = &m->composer;
    if (c != NULL)
        typed(m, c, composer_paste(c, text));
    else
        say_where(m);
}

static const struct {
    enum action action;
    enum composer_to to;
    bool deletes;
} edits[] = {
    { ACT_LEFT, TO_LEFT, false },
    { ACT_RIGHT, TO_RIGHT, false },
    { ACT_WORD_LEFT, TO_WORD_LEFT, false },
    { ACT_WORD_RIGHT, TO_WORD_RIGHT, false },
    { ACT_LINE_START, TO_LINE_START, false },
    { ACT_LINE_END, TO_LINE_END, false },
    { ACT_DELETE_LEFT, TO_LEFT, true },
    { ACT_DELETE_RIGHT, TO_RIGHT, true },
    { ACT_DELETE_WORD_LEFT, TO_WORD_LEFT, true },
    { ACT_DELETE_WORD_RIGHT, TO_WORD_RIGHT, true },
    { ACT_DELETE_LINE_START, TO_LINE_START, true },
    { ACT_DELETE_LINE_END, TO_LINE_END, true },
};

void writing_edit(struct model *m, enum action action)
{
    struct composer *c = m->focus == FOCUS_LIST ? NULL : written(m);

    if (c == NULL)
        return;
    if (action == ACT_PUT_BACK)
        composer_put_back(c);
    else if (action == ACT_UNDO)
        (void)composer_undo(c);
    else if (action == ACT_REDO)
        (void)composer_redo(c);
    for (size_t i = 0; i < COUNT_OF(edits); i++)
        if (edits[i].action == action && edits[i].deletes)
            composer_delete(c, edits[i].to);
        else if (edits[i].action == action)
            composer_move(c, edits[i].to);
    if (c == &m->panel.input)
        go_typed(m);
    else
        tell_typing(m);
}
